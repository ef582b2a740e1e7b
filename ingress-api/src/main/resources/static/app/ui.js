// Building blocks of both pages. Text always goes in as text, never as HTML.

import {ApiError} from './api.js';
import {choose, has, other, t} from './i18n.js';

/**
 * An element.
 * @param attributes `on…` adds a listener, null, undefined and false leave out
 * @param children elements, texts, or lists of them; null and false are left out
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Says something to those who listen instead of looking. */
export function say(text) {
  const place = document.getElementById('spoken');
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

/** What went wrong, in words, and what to do. */
export function wordsFor(error) {
  if (!(error instanceof ApiError)) {
    throw error;
  }
  const key = `code.${error.code}`;
  return t(has(key) ? key : 'code.INTERNAL_ERROR', {seconds: error.retryAfter ?? 1});
}

export function notice(kind, text, ...more) {
  return el('div', {class: `notice ${kind}`, role: kind === 'bad' ? 'alert' : 'note'},
    el('p', {}, text), ...more);
}

/** A failed view, with a way to try again where that may help, and a way on. */
export function failure(error, again) {
  const missing = error.status === 404;
  return el('section', {class: 'empty'},
    el('h1', {tabindex: '-1'}, t(missing ? 'lost.title' : 'failure.title')),
    el('p', {}, wordsFor(error)),
    missing
      ? el('a', {class: 'button', href: '#/'}, t('events.all'))
      : el('button', {class: 'button', type: 'button', onclick: again}, t('failure.again')));
}

export function loading() {
  return el('div', {class: 'loading', role: 'status'},
    el('span', {class: 'spinner', 'aria-hidden': 'true'}), el('span', {}, t('page.loading')));
}

export function empty(title, text, ...more) {
  return el('div', {class: 'empty'}, el('h2', {}, title), el('p', {}, text), ...more);
}

export function languageSwitch(changed) {
  const to = other();
  return el('button', {
    class: 'quiet', type: 'button', lang: to, id: 'language',
    onclick: async () => {
      await choose(to);
      changed();
      document.getElementById('language')?.focus();
    },
  }, t('language.other'));
}

/** Asks before something that cannot be undone. */
export function sure(title, text, yes) {
  return new Promise(resolve => {
    const dialog = el('dialog', {class: 'dialog', 'aria-labelledby': 'sure-title', onclose: () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    }},
    el('form', {method: 'dialog'},
      el('h2', {id: 'sure-title'}, title),
      el('p', {}, text),
      el('div', {class: 'buttons'},
        el('button', {class: 'button', value: 'no'}, t('sure.no')),
        el('button', {class: 'button danger', value: 'yes'}, yes))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A labelled input with a place for what is wrong with it. */
export function field(name, label, attributes = {}, hint = null) {
  const hintId = `${name}-hint`;
  const errorId = `${name}-error`;
  const input = el(attributes.tag ?? 'input', {
    id: name, name, 'aria-describedby': hint ? `${hintId} ${errorId}` : errorId, ...attributes, tag: null,
  });
  const error = el('p', {class: 'field-error', id: errorId});
  const node = el('div', {class: 'field'},
    el('label', {for: name}, label), input,
    hint && el('p', {class: 'hint', id: hintId}, hint), error);
  return {
    node,
    input,
    refuse(text) {
      error.textContent = text ?? '';
      input.toggleAttribute('aria-invalid', false);
      if (text) {
        input.setAttribute('aria-invalid', 'true');
      }
    },
  };
}

/** Shows each problem at its field and goes to the first; the rest is returned as text. */
export function refuse(fields, error, wordsOf) {
  let first = null;
  for (const {field: name} of error.errors) {
    const at = fields[name];
    if (at) {
      at.refuse(wordsOf(name));
      first ??= at;
    }
  }
  first?.input.focus();
  return first ? '' : wordsFor(error);
}

/** Runs the work of a button, which meanwhile cannot be pressed again, and keeps the focus. */
export async function busy(button, work) {
  const focused = document.activeElement === button;
  button.disabled = true;
  button.classList.add('busy');
  try {
    return await work();
  } finally {
    button.disabled = false;
    button.classList.remove('busy');
    if (focused && document.activeElement === document.body) {
      button.focus();
    }
  }
}
