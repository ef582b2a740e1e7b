// Sign-in and sign-up forms.

import {config, post, signIn} from './api.js';
import {t} from './i18n.js';
import {busy, el, errorText, field, notice, showFieldErrors} from './ui.js';

const DEMO_PASSWORD = 'ticketing-demo';

/**
 * @param submit returns a function to call after a success, with false if the user opened another view meanwhile
 * @param more shown under the form
 * @param heading `h2` for a part of a view
 * @param kind class of the button
 */
export function form(title, intro, fields, action, submit, more, heading = 'h1', kind = 'primary') {
  const problem = el('div', {'aria-live': 'assertive'});
  const button = el('button', {class: `button ${kind}`, type: 'submit'}, action);
  const byName = Object.fromEntries(fields.map(each => [each.input.name, each]));
  const invalidText = name => t(`field.${name}.invalid`);

  async function onSubmit(event) {
    event.preventDefault();
    problem.replaceChildren();
    fields.forEach(each => each.showError(null));
    const invalid = fields.filter(each => !each.input.checkValidity());
    invalid.forEach(each => each.showError(invalidText(each.input.name)));
    if (invalid.length > 0) {
      invalid[0].input.focus();
      return;
    }
    const {pathname} = location;
    try {
      const succeeded = await busy(button, () => submit(byName));
      succeeded?.(location.pathname === pathname);
    } catch (error) {
      const text = error.errors?.length > 0 ? showFieldErrors(byName, error, invalidText) : errorText(error);
      if (text) {
        problem.replaceChildren(notice('bad', text));
      }
    }
  }

  return el('section', {class: 'narrow card'},
    el(heading, {tabindex: '-1'}, title),
    intro && notice('info', intro),
    problem,
    el('form', {novalidate: true, onsubmit: onSubmit}, fields.map(each => each.node), button),
    more);
}

export function emailField() {
  return field('email', t('field.email'), {
    type: 'email', autocomplete: 'username', required: true, maxlength: 254, inputmode: 'email',
  });
}

export function passwordField(attributes, hint, name = 'password', label = t('field.password')) {
  const password = field(name, label,
    {type: 'password', required: true, ...attributes}, hint);
  const show = el('button', {
    class: 'quiet reveal', type: 'button', 'aria-pressed': 'false',
    onclick: () => {
      const shown = password.input.type === 'text';
      password.input.type = shown ? 'password' : 'text';
      show.setAttribute('aria-pressed', String(!shown));
    },
  }, t('field.password.show'));
  password.input.after(show);
  return password;
}

function checkbox(name, label) {
  const input = el('input', {id: name, name, type: 'checkbox'});
  return {
    input,
    node: el('div', {class: 'check'}, input, el('label', {for: name}, label)),
    showError() {},
  };
}

/**
 * @param accounts the demo accounts to offer
 * @param done called after a successful sign-in, as the result of `submit`
 * @param signUp address of the sign-up form; null hides the link
 */
export async function signInForm({intro = null, accounts, signUp, done}) {
  const {local} = await config;
  const email = emailField();
  const password = passwordField({autocomplete: 'current-password', maxlength: 72});
  const demo = local && el('div', {class: 'demo'},
    el('p', {class: 'muted'}, t('signIn.demo')),
    accounts.map(account => el('button', {
      class: 'button small', type: 'button',
      onclick: ({currentTarget}) => {
        email.input.value = account;
        password.input.value = DEMO_PASSWORD;
        currentTarget.closest('section').querySelector('[type=submit]').focus();
      },
    }, account)));
  const stay = checkbox('staySignedIn', t('signIn.stay'));
  return form(t('signIn.title'), intro, [email, password, stay], t('signIn.action'),
    async () => {
      await signIn(email.input.value.trim(), password.input.value, stay.input.checked);
      return done;
    },
    [
      signUp && el('p', {}, `${t('signIn.new')} `, el('a', {href: signUp}, t('signUp.title'))),
      signUp && el('p', {}, el('a', {href: '/forgot-password'}, t('forgot.title'))),
      demo,
    ]);
}

export function signUpForm({signIn: signInAddress, done}) {
  const name = field('name', t('field.name'), {autocomplete: 'name', required: true, maxlength: 100});
  const email = emailField();
  const password = passwordField({autocomplete: 'new-password', minlength: 8, maxlength: 72},
    t('field.password.hint'));
  return form(t('signUp.title'), null, [name, email, password], t('signUp.action'),
    async () => {
      const address = email.input.value.trim();
      await post('/api/v1/users',
        {email: address, password: password.input.value, name: name.input.value.trim()});
      await signIn(address, password.input.value);
      return done;
    },
    el('p', {}, `${t('signUp.known')} `, el('a', {href: signInAddress}, t('signIn.title'))));
}
