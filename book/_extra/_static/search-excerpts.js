/* A page opened from disk may fetch nothing: what Sphinx's search would fetch to show an excerpt of, it gets from the
 * script that the build wrote of all pages' texts (book/_ext/search_texts.py). Nothing else is asked this way. */
(() => {
  "use strict";
  const fetched = window.fetch.bind(window);
  window.fetch = (address, ...rest) => {
    const page = new URL(String(address), location.href).pathname.split("/").pop().replace(/\.html$/, "");
    const text = window.searchTexts?.[page];
    if (text === undefined) return fetched(address, ...rest);
    return Promise.resolve(new Response(`<html><body><div role="main">${text}</div></body></html>`));
  };
})();
