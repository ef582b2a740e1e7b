// Data that the server wrote into the page, so that the first view needs no request.

const element = document.querySelector('meta[name="start"]');
const start = element ? JSON.parse(element.content) : {};
const responses = new Map(Object.entries(start.responses ?? {}));

/** Settings of this deployment, or null. */
export const startConfig = start.config ?? null;

/** The response to a GET of the path, once. A later request reads the server. */
export function takeResponse(path) {
  const response = responses.get(path) ?? null;
  responses.delete(path);
  return response;
}
