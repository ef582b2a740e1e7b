// Time series of the last minutes. The legend shows the current values as text for screen readers.

import uPlot from '/webjars/uplot/dist/uPlot.esm.js';
import {axisDate, axisTime, number} from './i18n.js';
import {el} from './ui.js';

const MAX_SAMPLES = 180;
const HEIGHT = 160; // px
const DATED_SPAN = 86_400; // s; the axis of a longer range has dates
/** Permitted distances between two ticks of an axis: whole numbers. */
const TICK_DISTANCES = Array.from({length: 10}, (none, power) => [1, 2, 5].map(step => step * 10 ** power)).flat();
const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4], [1, 4], [14, 4]];
const LIGHT = ['#2444c9', '#b93a07', '#0b6b40', '#7d35e8', '#7c5200', '#0a6475'];
const DARK = ['#a3b5ff', '#ffa26b', '#6fdca0', '#d3aeff', '#f3c47f', '#6cd6ea'];

/** Samples by chart. They survive a change of the language, which creates new charts. */
const samplesByChart = new Map();

const dark = matchMedia('(prefers-color-scheme: dark)');

export class Chart {
  #label;
  #samples;
  #keys = [];
  #plot = null;
  #place = el('div', {class: 'plot', 'aria-hidden': 'true'});
  #legend = el('ul', {class: 'legend'});
  #emptyText;

  /**
   * @param name key of the stored samples
   * @param label function from a series to its text
   * @param emptyText shown without samples
   */
  constructor(name, title, label, emptyText) {
    this.#samples = samplesByChart.get(name) ?? [];
    samplesByChart.set(name, this.#samples);
    this.#label = label;
    this.#emptyText = emptyText;
    this.node = el('section', {class: 'chart'}, el('h2', {}, title), this.#legend, this.#place);
    dark.addEventListener('change', () => this.#rebuild());
    new ResizeObserver(() => this.#resize()).observe(this.#place);
  }

  /** @param values by series; the set of series can change */
  add(at, values) {
    this.#samples.push({at, values});
    this.#samples.splice(0, this.#samples.length - MAX_SAMPLES);
    const keys = [...new Set(this.#samples.flatMap(sample => Object.keys(sample.values)))]
      .slice(0, DASHES.length);
    if (keys.join() !== this.#keys.join()) {
      this.#keys = keys;
      this.#rebuild();
    } else {
      this.#plot?.setData(this.#data());
    }
    this.#updateLegend(values);
  }

  /** @param samples all samples `{at, values}` in order of time */
  replace(samples) {
    this.#samples.splice(0, this.#samples.length);
    samples.forEach(({at, values}) => this.add(at, values));
    if (samples.length === 0) {
      this.#updateLegend({});
    }
  }

  #colour(index) {
    return (dark.matches ? DARK : LIGHT)[index];
  }

  #updateLegend(values) {
    if (this.#keys.length === 0) {
      this.#legend.replaceChildren(el('li', {class: 'muted'}, this.#emptyText));
      return;
    }
    this.#legend.replaceChildren(...this.#keys.map((key, index) => {
      const mark = el('span', {class: 'key', 'aria-hidden': 'true'});
      mark.style.background = this.#colour(index);
      const value = values[key];
      return el('li', {}, mark, el('span', {}, this.#label(key)),
        el('b', {}, value === null || value === undefined ? '–' : number(value, value < 10 ? 1 : 0)));
    }));
  }

  /** The shown time range in seconds, at least 30. */
  #span() {
    const last = this.#samples.at(-1).at / 1000;
    return [Math.min(this.#samples[0].at / 1000, last - 30), last];
  }

  #timeText(time) {
    const [from, to] = this.#span();
    return to - from > DATED_SPAN ? axisDate(time) : axisTime(time);
  }

  #data() {
    return [
      this.#samples.map(sample => sample.at / 1000),
      ...this.#keys.map(key => this.#samples.map(sample => sample.values[key] ?? null)),
    ];
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#keys.length === 0) {
      return;
    }
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue('--muted');
    const line = style.getPropertyValue('--line');
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = {stroke: ink, font, grid: {stroke: line, width: 1}, ticks: {show: false}};
    this.#plot = new uPlot({
      width: Math.max(200, this.#place.clientWidth),
      height: HEIGHT,
      legend: {show: false},
      cursor: {show: false},
      padding: [8, 26, 0, 0],
      scales: {
        x: {range: () => this.#span()},
        y: {range: (plot, from, to) => [0, Math.max(4, (to ?? 0) * 1.1)]},
      },
      axes: [
        {...axis, values: (plot, ticks) => ticks.map(tick => this.#timeText(tick * 1000)), space: 80, size: 26},
        {...axis, size: 52, space: 30, incrs: TICK_DISTANCES, values: (plot, ticks) => ticks.map(tick => number(tick))},
      ],
      series: [{}, ...this.#keys.map((key, index) => ({
        stroke: this.#colour(index), width: 2, dash: DASHES[index], points: {show: false}, spanGaps: true,
      }))],
    }, this.#data(), this.#place);
  }

  #resize() {
    if (this.#plot && this.#place.clientWidth > 0) {
      this.#plot.setSize({width: this.#place.clientWidth, height: HEIGHT});
    }
  }
}
