// Menu of the signed-in user. It is a popover: Escape and a click outside close it.

import {signOut} from './api.js';
import {otherLanguage, t} from './i18n.js';
import {changeLanguage, el, icon} from './ui.js';

const MENU = 'account-menu';

/**
 * @param onLanguageChange called after another language was loaded
 * @param onSignOut called without a session
 */
export function accountMenu({email, name}, {onLanguageChange, onSignOut}) {
  const close = () => menu.hidePopover();
  const link = (href, words, attributes = {}) => el('li', {}, el('a', {href, ...attributes, onclick: close}, words));
  const action = (words, work, attributes = {}) =>
    el('li', {}, el('button', {type: 'button', ...attributes, onclick: work}, words));
  const button = el('button', {
    'class': 'quiet account-button', 'type': 'button', 'popovertarget': MENU, 'aria-expanded': 'false', 'aria-label': t('menu.label'),
  }, icon('account'), el('span', {class: 'account-name'}, name ?? email ?? t('account.title')));
  const menu = el('div', {class: 'menu', id: MENU, popover: 'auto', ontoggle: event => {
    button.setAttribute('aria-expanded', String(event.newState === 'open'));
  }},
  email && el('p', {class: 'muted'}, email),
  el('ul', {},
    // A popover focuses this link as it opens, before the next key is handled.
    link('/reservations', t('nav.reservations'), {autofocus: ''}),
    link('/account', t('menu.password')),
    link('/account#delete', t('menu.delete')),
    action(t('language.other'), async () => {
      close();
      if (await changeLanguage()) {
        await onLanguageChange();
        document.querySelector('.account-button')?.focus();
      }
    }, {lang: otherLanguage()}),
    action(t('nav.signOut'), async () => {
      close();
      await signOut();
      onSignOut();
    })));
  return el('div', {class: 'account'}, button, menu);
}
