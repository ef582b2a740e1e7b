// Audit log of the administrators' actions, newest first.

import {ApiError, get} from './api.js';
import {exactTime, t} from './i18n.js';
import {busy, el, empty, retryNotice} from './ui.js';

const PAGE = 20;

export const shown = value => (value === undefined || value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value));

/** Fields whose values differ between two JSON texts; a text that is not an object is one value. */
export function changesOf(oldValue, newValue) {
  const parse = text => {
    try {
      const value = JSON.parse(text ?? 'null');
      return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {'': value};
    } catch {
      return {'': text}; // a long value is cut
    }
  };
  const [before, after] = [parse(oldValue), parse(newValue)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter(name => shown(before[name]) !== shown(after[name]))
    .map(name => ({name, before: before[name], after: after[name]}));
}

function row({recordedAt, actor, action, object, oldValue, newValue}) {
  return el('tr', {},
    el('td', {class: 'number'}, exactTime(recordedAt)),
    el('td', {}, t(`audit.${action}`)),
    el('td', {}, object),
    el('td', {}, el('code', {}, actor)),
    el('td', {}, el('ul', {}, changesOf(oldValue, newValue).map(({name, before, after}) =>
      el('li', {}, name && `${name}: `, el('code', {}, `${shown(before)} → ${shown(after)}`))))));
}

export function auditPanel() {
  const body = el('tbody', {});
  const place = el('div', {});
  const problem = el('div', {});
  const more = el('div', {class: 'more'});
  let pages = 0;
  let refreshes = 0;

  /**
   * Appends the next page; the first page replaces all rows. A failed read keeps the rows. An answer
   * that arrives after a later refresh is ignored.
   */
  async function load() {
    const refreshed = refreshes;
    const page = pages;
    const isOlder = () => refreshed !== refreshes || page !== pages;
    try {
      const found = await get(`/api/v1/operations/audit?page=${page}&size=${PAGE}`);
      if (isOlder()) {
        return;
      }
      if (pages === 0) {
        body.replaceChildren();
      }
      pages++;
      problem.replaceChildren();
      body.append(...found.content.map(row));
      place.replaceChildren(body.children.length === 0 ? empty(t('audit.none'), t('audit.none.words'))
        : el('div', {class: 'scroll', tabindex: '0', role: 'group', 'aria-labelledby': 'audit-title'}, el('table', {},
          el('thead', {}, el('tr', {}, ['time', 'action', 'object', 'actor', 'change'].map(column =>
            el('th', {scope: 'col'}, t(`column.${column}`))))),
          body)));
      more.replaceChildren(...(pages < found.page.totalPages
        ? [el('button', {class: 'button', type: 'button', onclick: event => busy(event.target, load)}, t('list.more'))] : []));
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (isOlder()) {
        return;
      }
      (pages === 0 ? problem : more).replaceChildren(retryNotice(error, load));
    }
  }

  return {
    /** Reads the newest entries. */
    refresh() {
      refreshes++;
      pages = 0;
      return load();
    },
    node: el('section', {class: 'panel', 'aria-labelledby': 'audit-title'},
      el('div', {class: 'panel-head'}, el('h2', {id: 'audit-title'}, t('tab.audit'))), problem, place, more),
  };
}
