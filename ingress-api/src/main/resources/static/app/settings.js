// Account settings, and the views that the links of mails open.

import {call, get, post, renewSession} from './api.js';
import {emailField, form, passwordField} from './account.js';
import {t} from './i18n.js';
import * as store from './store.js';
import {announce, busy, confirmed, el, errorText, notice} from './ui.js';

const newPasswordField = () => passwordField({autocomplete: 'new-password', minlength: 8, maxlength: 72},
  t('field.password.hint'), 'newPassword', t('field.newPassword'));

/** Function that shows a result in place of its form, or only announces it in another view. */
const resultOf = (title, text, ...more) => isShown => {
  announce(text);
  if (!isShown) {
    return;
  }
  document.getElementById('main').replaceChildren(el('section', {class: 'narrow card'},
    el('h1', {tabindex: '-1'}, title), el('p', {}, text), ...more));
  document.querySelector('h1').focus();
};

const signInLink = () => el('p', {}, el('a', {class: 'button', href: '/sign-in'}, t('signIn.title')));

/** @param left called after the deletion of the account */
export async function settingsView(left) {
  const user = await get('/api/v1/users/me');
  return {
    node: el('div', {class: 'account'},
      el('header', {class: 'narrow'},
        el('h1', {tabindex: '-1'}, t('account.title')), user.email && el('p', {class: 'lead'}, user.email)),
      changeForm(),
      user.email && !user.emailConfirmed && confirmation(user.email),
      el('div', {id: 'delete'}, deletionForm(left))),
    title: t('account.title'),
  };
}

function confirmation(email) {
  const answer = el('p', {role: 'status'});
  const button = el('button', {class: 'button small', type: 'button', onclick: () => busy(button, async () => {
    try {
      await post('/api/v1/users/me/email-confirmation');
      answer.textContent = t('confirm.sent');
    } catch (error) {
      answer.textContent = errorText(error);
    }
  })}, t('confirm.action'));
  return el('section', {class: 'narrow card'},
    el('h2', {}, t('confirm.title')), el('p', {}, t('confirm.open', {email})), button, answer);
}

function changeForm() {
  const current = passwordField({autocomplete: 'current-password', maxlength: 72}, null,
    'currentPassword', t('field.currentPassword'));
  const next = newPasswordField();
  const done = el('div', {role: 'status'});
  return form(t('account.change'), null, [current, next], t('account.change'),
    async () => {
      renewSession(await call('PUT', '/api/v1/users/me/password',
        {body: {currentPassword: current.input.value, newPassword: next.input.value}}));
      current.input.value = '';
      next.input.value = '';
      done.replaceChildren(notice('good', t('account.changed')));
    }, done, 'h2');
}

function deletionForm(left) {
  const password = passwordField({autocomplete: 'current-password', maxlength: 72});
  return form(t('delete.title'), t('delete.words'), [password], t('delete.action'), async () => {
    if (await confirmed(t('delete.title'), t('delete.words'), t('delete.action'))) {
      await post('/api/v1/users/me/deletion', {password: password.input.value});
      store.saveSession(null);
      left();
    }
  }, null, 'h2', 'danger');
}

export function forgotView() {
  const email = emailField();
  return {
    node: form(t('forgot.title'), t('forgot.words'), [email], t('forgot.action'), async () => {
      await post('/api/v1/auth/password-reset', {email: email.input.value.trim()});
      return resultOf(t('forgot.title'), t('forgot.sent'));
    }),
    title: t('forgot.title'),
  };
}

/** @param token the one-time token of a mail */
export function resetView(token) {
  const next = newPasswordField();
  return {
    node: form(t('reset.title'), t('reset.words'), [next], t('account.change'), async () => {
      await post('/api/v1/auth/password-reset/confirmation', {token, newPassword: next.input.value});
      return resultOf(t('reset.title'), t('reset.done'), signInLink());
    }),
    title: t('reset.title'),
  };
}

/** A button confirms, because mail scanners open links. @param token the one-time token of a mail */
export function confirmView(token) {
  return {
    node: form(t('confirm.title'), t('confirm.words'), [], t('confirm.yes'), async () => {
      await post('/api/v1/auth/email-confirmation', {token});
      return resultOf(t('confirm.title'), t('confirm.done'), el('p', {}, el('a', {class: 'button', href: '/'}, t('events.all'))));
    }),
    title: t('confirm.title'),
  };
}
