/* The list of atoms: one button a block, to choose it, and one box, to switch it off. */
"use strict";

explorer.Blocks = class {
  /** app: the page (explorer.js). */
  constructor(app) {
    this.app = app;
    this.list = app.part("blocks");
    this.more = app.part("specks");
    this.specks = false; // whether blocks that hold next to nothing are on show
    this.more.addEventListener("click", () => {
      this.specks = !this.specks;
      this.hide();
    });
  }

  build() {
    this.list.replaceChildren(...this.app.scene.blocks.map((_, i) => this.item(i)));
    this.built = this.app.scene;
  }

  item(i) {
    const { app } = this, { element, state } = app;
    const item = element("li", {}), button = element("button", { type: "button" });
    button.append(element("canvas", { width: explorer.SIZE, height: explorer.SIZE }));
    button.addEventListener("click", () => app.select(state.selected === i ? -1 : i));
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && app.point(i));
    button.addEventListener("pointerleave", () => app.point(-1));
    const label = element("label", { className: "explorer-check" });
    const box = element("input", { type: "checkbox", ariaLabel: `Block ${i + 1} is switched on` });
    box.addEventListener("change", () => this.switch(i, box.checked));
    label.append(element("span", { textContent: i + 1 }), element("small", {}), box);
    box.hidden = state.mode === "walk";
    item.append(label, button);
    return item;
  }

  switch(i, on) {
    const { app } = this, { blocks } = app.scene;
    app.stop();
    blocks[i].on = on;
    app.show();
    app.paint();
    app.say(`Block ${i + 1} is switched ${on ? "on" : "off"}: the picture is the sum of `
      + `${blocks.filter((block) => block.on).length} of its ${explorer.words.plural(blocks.length, "block")}.`);
  }

  /** Paint what has changed: the atom of one block, or by default of all, or `-1` none. */
  paint(only = null) {
    const { state, scene } = this.app, shares = scene.shares(), colours = scene.colours(), { percent } = explorer.words;
    if (this.list.children.length !== scene.blocks.length) this.build();
    [...this.list.children].forEach((item, i) => {
      const { on, atom, copied } = scene.blocks[i], shown = state.step < 0 || i < state.step;
      const button = item.querySelector("button");
      item.style.setProperty("--block", colours[i]);
      item.classList.toggle("explorer-off", !on && state.step < 0);
      item.classList.toggle("explorer-later", !shown);
      item.querySelector("input").checked = on;
      item.querySelector("small").textContent = copied ? "copied" : percent(shares[i]).replace("less than ", "<");
      button.ariaPressed = String(i === state.selected);
      button.ariaLabel = `Block ${i + 1}: ${percent(shares[i])} of the picture's energy`;
      if (only !== null && i !== only) return;
      const canvas = button.querySelector("canvas");
      if (state.tint) explorer.picture.inColour(canvas, atom, colours[i]);
      else explorer.picture.plain(canvas, atom);
    });
    this.hide();
  }

  /** Keep specks out of the way, unless they are asked for, chosen or switched off. */
  hide() {
    const { state, scene } = this.app, shares = scene.shares();
    const speck = scene.blocks.map(({ on, copied }, i) =>
      shares[i] < explorer.ACTIVE && on && !copied && i !== state.selected);
    const count = speck.filter(Boolean).length, few = count === scene.blocks.length;
    [...this.list.children].forEach((item, i) => (item.hidden = speck[i] && !this.specks && !few));
    this.more.hidden = !count || few;
    this.more.ariaExpanded = String(this.specks);
    const those = `and ${explorer.words.plural(count, "block")} of less than 1 %`;
    this.more.textContent = this.specks ? "hide the specks" : those;
  }
};
