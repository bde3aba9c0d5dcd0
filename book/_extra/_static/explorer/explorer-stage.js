/* What is on show: building the parts that hang on the scene, and painting what changes. */
"use strict";

explorer.Stage = class {
  /** app: the page (explorer.js). */
  constructor(app) {
    this.app = app;
  }

  build() {
    const { state, net, part } = this.app, { mode, data } = state, spikes = data === "spikes";
    const show = (name, shown) => { part(name).hidden = !shown; };
    part("stage").className = `explorer-stage explorer-${mode}`;
    show("from", mode !== "draw");
    show("to", mode === "walk");
    part("from").firstChild.hidden = mode !== "walk";
    show("own", mode === "draw");
    show("walk", mode === "walk");
    show("side", mode !== "walk");
    show("view-label", mode !== "walk");
    show("truth-label", spikes && mode !== "walk");
    show("centre-label", !spikes);
    show("height-label", spikes);
    show("noise-label", spikes);
    show("play", net.pursues && mode !== "walk");
    part("view").value = state.view;
    part("nearest").value = state.nearest ? "1" : "";
    part("pad-hint").textContent = spikes
      ? "Click on the picture to drop spikes; drag one, and the blocks hand it over in their colours."
      : "Draw a digit on the picture.";
    part("picture").ariaLabel = mode === "draw"
      ? "Drawing pad. Arrow keys move the cursor, with Shift farther. Space puts the pen down and lifts it, or drops a "
        + "spike and lets go of it."
      : "The picture. Arrow keys move what the chosen block draws, with Shift farther; Escape lets go of it.";
    for (const input of this.app.root.querySelectorAll("[type=radio]"))
      input.checked = input.value === state[input.name.slice(9)]; // "explorer-mode" is state.mode
    part("about").textContent = explorer.words.about(state.kind, net);
    for (const strip of ["from", "to"])
      part(strip).querySelectorAll("button").forEach((button, i) => {
        button.ariaPressed = String(i === state[strip]);
      });
    this.app.blocks.build();
    this.app.sliders.build();
    this.paint();
    this.app.describe();
  }

  buildStrips() {
    const { part, element, state } = this.app;
    for (const strip of ["from", "to"]) {
      const label = element("span", { textContent: strip, className: "explorer-hint" });
      part(strip).replaceChildren(label, ...this.app.images().map(({ image, name }, i) => {
        const button = element("button", { type: "button", title: name, ariaLabel: `Image ${i + 1}: ${name}` });
        const canvas = element("canvas", { width: explorer.SIZE, height: explorer.SIZE });
        explorer.picture.plain(canvas, image);
        button.append(canvas);
        button.addEventListener("click", () => {
          state[strip] = i;
          if (state.mode === "walk") state.t = 0;
          this.app.change();
        });
        return button;
      }));
    }
  }

  /** Which networks there are for these images, and how high spikes can be. */
  buildKinds() {
    const { part, element, set, state, pad } = this.app;
    const kinds = explorerIndex.models.filter(({ data }) => data === state.data).map(({ kind }) => kind);
    part("kinds").replaceChildren(part("kinds").firstElementChild, ...kinds.map((kind) => {
      const label = element("label", {});
      const input = element("input", { type: "radio", name: "explorer-kind", value: kind });
      input.addEventListener("change", () => this.app.use(state.data, kind));
      label.append(input, element("span", { textContent: explorer.words.name(kind) }));
      return label;
    }));
    if (!set.amplitude) return;
    const [low, high] = set.amplitude, height = part("height");
    Object.assign(height, { min: low, max: high });
    height.valueAsNumber = pad.height = high;
  }

  // --- painting what changes -----------------------------------------------------------------------------------------

  /** Paint the picture, and the atom that has changed: one, or by default all, or `-1` none. */
  paint(only = null) {
    const { state, scene, part } = this.app, { percent } = explorer.words;
    this.paintPicture();
    this.app.blocks.paint(only);
    if (this.app.sliders.block) this.app.sliders.paint();
    this.app.button("play").disabled = !scene.steps?.length;
    this.app.button("reset-image").disabled = !scene.steps;
    this.app.button("paste").disabled = this.app.state.copied?.net !== this.app.net || !scene.steps;
    part("view").disabled = state.step >= 0 || !scene.image;
    part("view").value = state.step >= 0 ? "left" : state.view;
    const set = (name, value, text) => {
      part(name).valueAsNumber = value;
      part(name).nextElementSibling.value = text;
    };
    set("t", state.t, percent(state.t));
    set("height", this.app.pad.height, this.app.pad.height.toFixed(2));
    set("noise", this.app.pad.noise, this.app.pad.noise.toFixed(2));
    this.app.address.soon();
  }

  paintPicture() {
    const { state, scene, pad, part } = this.app, { picture } = explorer, { step, view, pointed } = state;
    const canvas = part("canvas");
    if (state.mode === "draw" && pad.stroke) picture.plain(canvas, pad.ink);
    else if (step >= 0) picture.plain(canvas, step ? scene.steps[step - 1].residual : scene.image);
    else if (view === "image" && scene.image) picture.plain(canvas, scene.image);
    else if (view === "left" && scene.image) picture.plain(canvas, scene.residual());
    else if (view === "moved") picture.change(canvas, scene.sum(), this.app.untouched ?? scene.sum());
    else if (pointed >= 0 && scene.blocks[pointed]?.on) picture.lit(canvas, scene, pointed);
    else if (state.tint) picture.tinted(canvas, scene);
    else picture.plain(canvas, scene.sum());
    this.paintOverlay();
  }

  paintOverlay() {
    const { state, scene, pad, net, part } = this.app, { step, pointed, selected } = state;
    const i = step >= 0 ? -1 : pointed >= 0 ? pointed : selected, alone = scene.blocks.length === 1 && net.k === 1;
    const outlined = i >= 0 && scene.blocks[i]?.on && !alone;
    const line = outlined ? explorer.picture.outline(scene.blocks[i].atom, explorer.SIZE) : "";
    for (const name of ["halo", "outline"]) part(name).setAttribute("d", line);
    part("outline").style.stroke = line ? scene.colours()[i] : "none";
    const drawing = state.mode === "draw", [row, column] = pad.place, cursor = part("cursor");
    cursor.setAttribute("transform", `translate(${column + 0.5} ${row + 0.5})`);
    cursor.toggleAttribute("hidden", !drawing);
    cursor.classList.toggle("explorer-down", Boolean(pad.stroke) || pad.held >= 0);
    explorer.marks.paint(this.app);
    const looked = step >= 0 ? scene.steps[step] : null, box = part("window");
    box.toggleAttribute("hidden", !looked);
    if (!looked) return;
    const half = Math.floor(net.window / 2), [y, x] = looked.centre.map((v) => v - half);
    const square = { x, y, width: net.window, height: net.window };
    for (const [name, value] of Object.entries(square)) box.setAttribute(name, value);
  }
};
