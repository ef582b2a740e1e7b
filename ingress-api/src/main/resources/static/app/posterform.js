// Part of the event form that replaces or removes the poster.

import {ApiError, call} from './api.js';
import {generatedPoster, poster} from './eventparts.js';
import {t} from './i18n.js';
import {el, errorText} from './ui.js';

const TYPES = ['image/jpeg', 'image/png', 'image/webp'];
const MAX_BYTES = 2 * 1024 * 1024;
const MIN_SIDE = 200; // pixels
const MAX_SIDE = 6000; // pixels
const MAX_PIXELS = 12_000_000;
const UPLOAD_TIMEOUT = 45_000; // ms
const PREVIEW_WIDTH = 320; // pixels

/** Errors of the server by their codes. */
const ERRORS = {BODY_TOO_LARGE: 'poster.size', UNSUPPORTED_MEDIA_TYPE: 'poster.type', INVALID_REQUEST: 'poster.pixels'};

/** The image as a canvas: the pages load images of their own origin only. */
function preview(bitmap) {
  const canvas = el('canvas', {class: 'poster', width: PREVIEW_WIDTH,
    height: Math.round(PREVIEW_WIDTH * bitmap.height / bitmap.width)});
  canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Reads an image. @return `{bitmap}`, or `{error}` with the key of a text */
async function read(file) {
  if (!TYPES.includes(file.type)) {
    return {error: 'poster.type'};
  }
  if (file.size > MAX_BYTES) {
    return {error: 'poster.size'};
  }
  try {
    const bitmap = await createImageBitmap(file);
    const {width, height} = bitmap;
    const fits = Math.min(width, height) >= MIN_SIDE && Math.max(width, height) <= MAX_SIDE && width * height <= MAX_PIXELS;
    return fits ? {bitmap} : {error: 'poster.pixels'};
  } catch {
    return {error: 'poster.pixels'}; // the browser cannot decode it
  }
}

/** @param event the event to change; null for a new one */
export function posterForm(event) {
  const picture = el('div', {class: 'poster-preview', id: 'poster-preview'});
  const error = el('p', {class: 'field-error', id: 'poster-error', role: 'alert'});
  const input = el('input', {
    type: 'file', id: 'poster', name: 'poster', accept: TYPES.join(), 'aria-describedby': 'poster-hint poster-error', onchange: choose,
  });
  const remove = el('button', {class: 'button small', type: 'button', id: 'poster-remove', onclick: () => {
    input.value = '';
    file = null;
    removed = Boolean(event?.posterUrl);
    problem = null;
    draw(null);
    input.focus();
  }}, t('poster.remove'));
  let file = null;
  let removed = false;
  let problem = null; // key of the error of the chosen file
  let choices = 0;

  function showError(text) {
    error.textContent = text ?? '';
    input.toggleAttribute('aria-invalid', false);
    if (text) {
      input.setAttribute('aria-invalid', 'true');
    }
  }

  function draw(bitmap) {
    showError(problem && t(problem));
    const current = event?.posterUrl && !removed;
    picture.replaceChildren(...(bitmap ? [preview(bitmap)]
      : current ? [poster(event, t('poster.current'))] : event ? [generatedPoster(event)] : []));
    remove.hidden = !(bitmap || current || problem);
  }

  async function choose() {
    const choice = ++choices;
    const chosen = input.files[0] ?? null;
    const found = chosen ? await read(chosen) : {};
    if (choice !== choices) {
      return;
    }
    problem = found.error ?? null;
    file = problem ? null : chosen;
    removed = removed && !file;
    draw(found.bitmap);
  }

  draw(null);
  return {
    node: el('fieldset', {class: 'poster-form'}, el('legend', {}, t('poster.title')), picture,
      el('div', {class: 'field'}, el('label', {for: 'poster'}, t('poster.choose')), input,
        el('p', {class: 'hint', id: 'poster-hint'}, t('poster.hint')), error),
      remove),
    /** Focuses the chosen file if it is not acceptable. @return true if it is not */
    invalid() {
      if (problem) {
        input.focus();
      }
      return problem !== null;
    },
    /** Uploads or removes the poster. @return the changed event, the same one, or null after an error, which is shown */
    async save(saved) {
      if (!file && !removed) {
        return saved;
      }
      const path = `/api/v1/events/${saved.eventId}/poster`;
      try {
        const changed = file ? await call('PUT', path, {file, timeout: UPLOAD_TIMEOUT}) : await call('DELETE', path);
        file = null;
        removed = false;
        return changed;
      } catch (failure) {
        if (!(failure instanceof ApiError)) {
          throw failure;
        }
        showError(ERRORS[failure.code] ? t(ERRORS[failure.code]) : errorText(failure));
        input.focus();
        return null;
      }
    },
  };
}
