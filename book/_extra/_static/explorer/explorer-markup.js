/* What the explorer consists of. Parts are found by data-part, buttons that do something by data-do. */
"use strict";

explorer.MARKUP = `
<div class="explorer-bar">
  <fieldset class="explorer-choice"><legend>Network</legend>
    <label><input type="radio" name="explorer-model" value="digits" checked><span>Digits</span></label>
    <label><input type="radio" name="explorer-model" value="spikes"><span>Spikes</span></label>
  </fieldset>
  <fieldset class="explorer-choice"><legend>What to do</legend>
    <label><input type="radio" name="explorer-mode" value="look" checked><span>Take apart</span></label>
    <label><input type="radio" name="explorer-mode" value="walk"><span>Walk between two</span></label>
    <label><input type="radio" name="explorer-mode" value="draw"><span>Draw your own</span></label>
  </fieldset>
</div>
<div class="explorer-strip" role="group" data-part="from"></div>
<div class="explorer-strip" role="group" data-part="to" hidden></div>
<div class="explorer-stage" data-part="stage">
  <div class="explorer-own" data-part="own" hidden>
    <div class="explorer-pad" data-part="pad" tabindex="0" role="application" aria-label="Drawing pad. Arrow keys move
      the cursor, with Shift farther. Space puts the pen down and lifts it, or drops a spike.">
      <canvas width="128" height="128"></canvas>
      <svg viewBox="0 0 128 128" aria-hidden="true">
        <g class="explorer-cursor"><circle r="4"/><path d="M-7 0H7M0-7V7"/></g>
      </svg>
    </div>
    <p class="explorer-hint" data-part="pad-hint"></p>
    <div class="explorer-row">
      <button type="button" data-do="undo">Undo</button>
      <button type="button" data-do="clear">Clear</button>
    </div>
    <label class="explorer-check" data-part="centre-label">
      <input type="checkbox" data-part="centre" checked> scale and centre it as the training digits are
    </label>
    <label class="explorer-slider" data-part="height-label">
      <span>height</span><input type="range" data-part="height" step="0.05"><output></output>
    </label>
  </div>
  <div class="explorer-main">
    <div class="explorer-picture" data-part="picture" tabindex="0" role="application" aria-label="The picture. Arrow
      keys move what the selected block draws, with Shift farther; Escape lets go of it.">
      <canvas width="128" height="128" data-part="canvas"></canvas>
      <svg viewBox="0 0 128 128" aria-hidden="true">
        <path class="explorer-halo" data-part="halo"/><path data-part="outline"/><rect data-part="window" hidden/>
      </svg>
    </div>
    <p class="explorer-status" role="status" aria-live="polite" data-part="status"></p>
    <div data-part="walk" hidden>
      <label class="explorer-slider">
        <span>walk</span><input type="range" min="0" max="1" step="0.01" data-part="t"><output></output>
      </label>
      <label class="explorer-check">pair blocks <select data-part="nearest">
        <option value="1">with the nearest latents</option><option value="">in the order of their use</option>
      </select></label>
      <p class="explorer-hint">Each pair of blocks goes in a straight line through latent space. A block without a
        partner is faded in or out: it has nowhere to come from.</p>
    </div>
    <div class="explorer-row">
      <label class="explorer-check" data-part="view-label">show <select data-part="view">
        <option value="sum">the sum of the atoms</option><option value="image">the picture it is of</option>
        <option value="left">what the sum leaves over</option>
      </select></label>
      <label class="explorer-check"><input type="checkbox" data-part="tint"> tint each atom</label>
    </div>
  </div>
  <div class="explorer-side">
    <div class="explorer-panel">
      <h2>Atoms</h2>
      <ol class="explorer-blocks" data-part="blocks"></ol>
      <div class="explorer-row">
        <button type="button" data-do="play">Play the pursuit</button>
        <button type="button" data-do="reset-image">Reset image</button>
      </div>
    </div>
    <div class="explorer-panel">
      <h2 data-part="chosen"></h2>
      <div data-part="sliders"></div>
      <div class="explorer-row">
        <button type="button" data-do="reset-block">Reset block</button>
        <button type="button" data-do="copy">Copy block</button>
        <button type="button" data-do="paste">Paste block</button>
      </div>
    </div>
  </div>
</div>
<p class="explorer-hint"><a href="#sec-explore-how">How this was made</a></p>`;
