/* What the reader does: the buttons, the boxes and the sliders around the picture. */
"use strict";

/** What each button with a data-do does. */
explorer.actions = (app) => ({
  play: () => (app.state.step >= 0 && !app.still ? app.stop(true) : app.play()),
  stroll: () => app.stroll(),
  undo: () => app.pad.undo(),
  clear: () => app.pad.clear(),
  "page-back": () => app.sliders.turnPage(-1),
  "page-on": () => app.sliders.turnPage(1),
  link: () => app.address.copy(),
  copy: () => {
    const { z, atom } = app.scene.blocks[app.state.selected];
    app.state.copied = { net: app.net, z, atom };
    app.paint(-1);
    app.say(`Block ${app.state.selected + 1} is copied. Choose another image, then “Paste block”.`);
  },
  paste: () => {
    const { scene, state } = app, most = explorer.App.MOST_BLOCKS;
    if (scene.blocks.length >= most) return app.say(`${most} blocks on one image are enough.`);
    app.stop();
    scene.add(state.copied.z, state.copied.atom, true);
    state.selected = scene.blocks.length - 1;
    app.build();
  },
  "reset-block": () => {
    const { scene, state } = app, block = scene.blocks[state.selected];
    block.on = true;
    scene.move(state.selected, block.original);
    app.moved(state.selected);
    app.describe();
  },
  "reset-image": () => app.reset(),
  own: () => app.part("file").click(),
  tour: () => app.tour.go(0),
  "tour-on": () => app.tour.next(),
  "tour-end": () => app.tour.end(),
});

/** Hear all that is pressed, chosen and moved. */
explorer.listen = (app) => {
  const { root, state } = app, actions = explorer.actions(app);
  const on = (name, kind, act) => app.part(name).addEventListener(kind, (event) => act(event.target));
  root.addEventListener("click", (event) => actions[event.target.closest("[data-do]")?.dataset.do]?.());
  for (const input of root.querySelectorAll("[name=explorer-data]"))
    input.addEventListener("change", () => {
      Object.assign(state, { from: 0, to: 1, t: 0 });
      app.use(input.value, app.kindFor(input.value));
    });
  for (const input of root.querySelectorAll("[name=explorer-mode]"))
    input.addEventListener("change", () => {
      Object.assign(state, { mode: input.value, t: 0 });
      app.change();
    });
  on("tint", "change", ({ checked }) => {
    state.tint = checked;
    app.paint();
    app.sliders.films();
  });
  on("truth", "change", ({ checked }) => {
    state.truth = checked;
    app.paint(-1);
  });
  on("view", "change", ({ value }) => {
    app.stop();
    Object.assign(state, { view: value, pointed: -1 });
    app.paint();
    app.describe();
  });
  on("t", "input", ({ valueAsNumber }) => {
    app.stop();
    app.walkTo(valueAsNumber);
    app.paint();
    app.describe();
  });
  on("nearest", "change", ({ value }) => {
    state.nearest = Boolean(value);
    app.change();
  });
  on("file", "change", (input) => {
    const files = [...input.files];
    input.value = ""; // the same file again is a new choice
    if (files.length) app.own.take(files);
  });
  on("inverted", "change", ({ checked }) => app.own.invert(checked));
  const over = (event, is) => {
    if (!root.isConnected || !event.dataTransfer) return;
    event.preventDefault(); // else the browser would leave the page for the picture
    root.classList.toggle("explorer-over", is);
  };
  document.addEventListener("dragover", (event) => over(event, true));
  document.addEventListener("dragleave", (event) => event.relatedTarget || over(event, false));
  document.addEventListener("drop", (event) => {
    over(event, false);
    if (root.isConnected) app.own.take([...event.dataTransfer.files]);
  });
  on("centre", "change", () => app.pad.empty || app.decompose());
  on("height", "input", ({ valueAsNumber }) => {
    app.pad.height = valueAsNumber;
    app.paint(-1);
  });
  on("noise", "input", ({ valueAsNumber }) => {
    app.pad.noise = valueAsNumber;
    app.pad.trail = [];
    app.carried();
  });
};
