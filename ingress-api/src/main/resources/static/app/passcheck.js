// Verification of entry passes with public keys; it needs no connection.

const TYPE = 'entry+jwt';
const AUDIENCE = 'ticketing-entry';
const ALGORITHM = {name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256'};
const MAX_LENGTH = 3000; // characters; a QR code has fewer

function bytes(base64url) {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, character => character.charCodeAt(0));
}

const isObject = value => typeof value === 'object' && value !== null;

const json = base64url => JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes(base64url)));

/** Header, claims and signature of a pass; null if the text is none. */
function parsed(text) {
  const parts = text.split('.');
  if (text.length > MAX_LENGTH || parts.length !== 3) {
    return null;
  }
  try {
    const [header, claims] = parts.slice(0, 2).map(json);
    return !isObject(header) || !isObject(claims) ? null : {header, claims, signature: bytes(parts[2]), signed: new TextEncoder().encode(`${parts[0]}.${parts[1]}`)};
  } catch {
    return null; // no base64, no UTF-8, or no JSON
  }
}

async function isSigned({header, signature, signed}, keys) {
  const key = keys.find(({kid, kty, crv}) => kid === header.kid && kty === 'EC' && crv === 'P-256');
  if (!key || header.alg !== 'ES256' || header.typ !== TYPE) {
    return false;
  }
  const {kty, crv, x, y} = key;
  const imported = await crypto.subtle.importKey('jwk', {kty, crv, x, y}, ALGORITHM, false, ['verify']);
  return crypto.subtle.verify(ALGORITHM, imported, signature, signed);
}

/**
 * @param keys of the JSON Web Key Set
 * @param now milliseconds since 1970
 * @param eventId event of this entrance; null accepts all events
 * @return `{state: 'VALID' | 'INVALID' | 'EXPIRED' | 'OTHER_EVENT', claims}`; no claims if `INVALID`
 */
export async function checkPass(text, keys, now, eventId = null) {
  const pass = parsed(text.trim());
  if (!pass || !await isSigned(pass, keys) || pass.claims.aud !== AUDIENCE) {
    return {state: 'INVALID', claims: null};
  }
  const {claims} = pass;
  if (!(claims.exp * 1000 > now)) {
    return {state: 'EXPIRED', claims};
  }
  return {state: eventId !== null && claims.evt !== eventId ? 'OTHER_EVENT' : 'VALID', claims};
}
