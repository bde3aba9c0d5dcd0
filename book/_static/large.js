/* Every figure opens large: by a click on it, or by the button at its corner. Escape closes it; nothing is fetched. */
(() => {
  "use strict";

  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  const open = (box, name) => {
    const dialog = make("dialog", { className: "large" });
    dialog.setAttribute("aria-label", name);
    const close = make("button", { type: "button", className: "large-close", textContent: "Close" });
    const body = make("div", { className: "large-body", tabIndex: 0 });
    for (const part of box.querySelectorAll("svg, img")) {
      if (getComputedStyle(part).display !== "none") body.append(part.cloneNode(true));
    }
    dialog.append(close, body);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  const enlargeable = (box, name) => {
    const frame = make("div", { className: "large-frame" });
    if (box.classList.contains("full-width")) {
      frame.classList.add("full-width");
      box.classList.remove("full-width");
    }
    const button = make("button", { type: "button", className: "large-open", title: "Open large" });
    button.setAttribute("aria-label", `Open large: ${name}`);
    box.replaceWith(frame);
    frame.append(box, button);
    button.addEventListener("click", () => open(box, name));
    box.addEventListener("click", () => open(box, name));
    box.classList.add("large-able");
  };

  const begin = () => {
    for (const box of document.querySelectorAll(".bd-article .chart-box")) {
      enlargeable(box, box.getAttribute("aria-label") || "figure");
    }
    for (const image of document.querySelectorAll(".bd-article :is(figure, .cell_output) img")) {
      if (image.closest("a, [data-explorer], .explorer")) continue;
      const box = make("div", { className: "picture-box" });
      image.before(box);
      box.append(image);
      enlargeable(box, image.alt || "figure");
    }
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
