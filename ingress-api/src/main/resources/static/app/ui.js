// Building blocks of both pages. Text is inserted as text, never as HTML.

import {ApiError} from './api.js';
import {chooseLanguage, has, otherLanguage, t} from './i18n.js';

const NAMESPACE = 'http://www.w3.org/2000/svg';

/** Icons of the set Lucide (ISC licence). */
const ICONS = {
  events: 'M8 2v4M16 2v4M3 10h18M5 4h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z',
  tickets: 'M2 9a3 3 0 0 1 0 6v2a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2v-2a3 3 0 0 1 0-6V7a2 2 0 0 0-2-2H4a2 2 0 0 0-2 2ZM13 5v2M13 17v2M13 11v2',
  account: 'M19 21v-2a4 4 0 0 0-4-4H9a4 4 0 0 0-4 4v2M16 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z',
};

/**
 * Creates an element.
 * @param attributes `on…` adds a listener; null, undefined and false are left out
 * @param children elements, texts, or lists of them; null, undefined and false are left out
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

/** An element of an SVG. */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...children);
  return element;
}

/** An icon with the colour of the text. */
export const icon = name => svg('svg', {
  'class': 'icon', 'viewBox': '0 0 24 24', 'fill': 'none', 'stroke': 'currentColor', 'stroke-width': 2,
  'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true',
}, svg('path', {d: ICONS[name]}));

/** Announces a text to screen readers. */
export function announce(text) {
  const place = document.getElementById('spoken');
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

/** The text for an error. Throws errors that are not ApiError. */
export function errorText(error) {
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

/** View of an error: with a retry button, or with a link to the events after a 404. */
export function failure(error, again) {
  const missing = error.status === 404;
  return el('section', {class: 'empty'},
    el('h1', {tabindex: '-1'}, t(missing ? 'lost.title' : 'failure.title')),
    el('p', {}, errorText(error)),
    missing
      ? el('a', {class: 'button', href: '/'}, t('events.all'))
      : el('button', {class: 'button', type: 'button', onclick: again}, t('failure.again')));
}

/** Message that a part of a page could not be read. Its button repeats the read. */
export function retryNotice(error, again) {
  const text = errorText(error);
  announce(text);
  return notice('warn', text,
    el('button', {class: 'button small', type: 'button', onclick: event => busy(event.target, again)}, t('failure.again')));
}

export function loading() {
  return el('div', {class: 'loading', role: 'status'},
    el('span', {class: 'spinner', 'aria-hidden': 'true'}), el('span', {}, t('page.loading')));
}

export function empty(title, text, ...more) {
  return el('div', {class: 'empty'}, el('h2', {}, title), el('p', {}, text), ...more);
}

/** Loads the other language. @return false after a failure, which a message above the view explains */
export async function changeLanguage() {
  const main = document.getElementById('main');
  main.querySelector('.unread-language')?.remove();
  try {
    await chooseLanguage(otherLanguage());
    return true;
  } catch (error) {
    const text = errorText(error);
    announce(text);
    main.prepend(el('div', {class: 'unread-language'}, notice('warn', text)));
    return false;
  }
}

export function languageSwitch(changed) {
  const to = otherLanguage();
  return el('button', {
    class: 'quiet', type: 'button', lang: to, id: 'language',
    onclick: async () => {
      if (await changeLanguage()) {
        await changed();
        document.getElementById('language')?.focus();
      }
    },
  }, t('language.other'));
}

/**
 * Shows a confirmation dialog. Resolves to true if the user confirms.
 * @param yes label of the button that confirms
 * @param no label of the button that keeps everything
 */
export function confirmed(title, text, yes, no = t('sure.no')) {
  return new Promise(resolve => {
    const dialog = el('dialog', {class: 'dialog', 'aria-labelledby': 'sure-title', onclose: () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    }},
    el('form', {method: 'dialog'},
      el('h2', {id: 'sure-title'}, title),
      el('p', {}, text),
      el('div', {class: 'buttons'},
        el('button', {class: 'button', value: 'no'}, no),
        el('button', {class: 'button danger', value: 'yes'}, yes))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A labelled input with an optional hint and an error message. */
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
    showError(text) {
      error.textContent = text ?? '';
      input.toggleAttribute('aria-invalid', false);
      if (text) {
        input.setAttribute('aria-invalid', 'true');
      }
    },
  };
}

/** Shows each error at its field and focuses the first. Returns a text if no field matches. */
export function showFieldErrors(fields, error, textOf) {
  let first = null;
  for (const {field: name} of error.errors) {
    const at = fields[name];
    if (at) {
      at.showError(textOf(name));
      first ??= at;
    }
  }
  first?.input.focus();
  return first ? '' : errorText(error);
}

/** Values of the named inputs in a part of the page, for `restoreInputs`. */
export function savedInputs(place) {
  return [...place.querySelectorAll('input[name], select[name], textarea[name]')]
    .map(({name, type, value, checked}) => ({name, type, value, checked}));
}

/** Writes saved values into the inputs with the same names. */
export function restoreInputs(place, saved) {
  for (const {name, type, value, checked} of saved) {
    for (const input of place.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (type === 'checkbox') {
        input.checked = checked;
      } else if (type !== 'radio' && input.value !== value) {
        input.value = value;
        input.dispatchEvent(new Event(input.tagName === 'SELECT' ? 'change' : 'input', {bubbles: true}));
      }
    }
  }
}

/** Runs the work of a button. The button is disabled meanwhile and keeps the focus. */
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
