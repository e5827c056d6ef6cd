/**
 * Head inspector: choose a head (in any heatmap, by a click or by arrow keys and Enter, or by layer and head) and see, for two models side by side, which
 * tokens it attended while each token of an answer was written. Reads the data block `inspections`.
 */
import { attendedBy, excerpt, looks } from './looks.js';
import { count, positive } from './numbers.js';

(() => {
  'use strict';

  /**
   * @typedef {{ id: string, question: string, answer: string, counted: boolean, promptTokens: number, written: string[], writtenLeftOut: number,
   *   windows: { first: number, tokens: string[] }[], special: number[], needles: [number, number][], answers: [number, number][], attended: string, width: 2 | 4 }} Example
   * @typedef {{ id: string, condition: string, name: string, kind: string, layers: number, heads: number, scores: number[], kept: [number, number][] | null, examples: Example[] }} Cell
   * @typedef {{ name: string, slug: string, cells: Cell[] }} Setting
   */

  /** Heads offered by name. */
  const LISTED = 20;
  /** Characters of a question in a list. */
  const QUESTION = 70;

  const place = document.querySelector('[data-inspector]');
  const data = document.getElementById('inspections');
  if (place === null || data === null) return;
  const settings = /** @type {Setting[]} */ (JSON.parse(data.textContent ?? '[]'));

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} name @param {Record<string, string>} attributes @param {(Node | string)[]} children
   * @returns {HTMLElementTagNameMap[K]}
   */
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** @param {string} text What data or a model wrote */
  const quoted = (text) => element('bdi', {}, text);

  /** @param {Example} example @param {number[]} attended */
  function lookTable(example, attended, caption = '') {
    const rows = looks(example, attended).map(({ written, token, where }, at) =>
      element('tr', {}, element('th', { scope: 'row', class: 'number' }, String(at + 1)), element('td', { class: 'token' }, quoted(written)), element('td', { class: 'token' }, token === null ? '' : quoted(token)), element('td', {}, where)),
    );
    const heads = ['', 'Token of the answer', 'Attended', 'Where'].map((name) => element('th', { scope: 'col' }, name));
    return element('div', { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' }, element('table', {}, element('caption', {}, caption), element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows)));
  }

  /** @param {ReturnType<typeof excerpt>[number]} piece @returns {Node | string} */
  function pieceView(piece) {
    if (piece.kind === 'gap') return element('span', { class: 'left-out' }, ` … ${count(piece.tokens)} ${piece.tokens === 1 ? 'token' : 'tokens'} … `);
    const word = piece.text.trimEnd();
    const marked = piece.attendedFor.length > 0 ? [element('strong', { class: 'attended' }, word, element('sup', {}, piece.attendedFor.join(', '))), piece.text.slice(word.length)] : [piece.text];
    return element(piece.kind === 'plain' || piece.kind === 'special' ? 'span' : 'mark', { class: piece.kind }, ...marked);
  }

  /** @param {Cell} cell @param {Example | undefined} example @param {number} layer @param {number} head */
  function view(cell, example, layer, head) {
    const caption = `${cell.name}: layer ${layer}, head ${head}, mean ${cell.kind} score ${positive(cell.scores[layer * cell.heads + head] ?? 0)}`;
    if (example === undefined) return element('section', { class: 'look' }, element('p', { class: 'note' }, `${cell.name}: the page holds no prompt of this model.`));
    const attended = attendedBy({ heads: cell.kept }, example, [layer, head], cell.heads);
    if (attended === null) return element('section', { class: 'look' }, element('p', { class: 'note' }, `${caption}: the page does not hold where this head looked; examples.safetensors of the score artifact does.`));
    const note = element('p', { class: 'note' }, `Prompt of ${cell.name}, source row `, quoted(example.id), ': ', quoted(example.question), ' Trained answer: ', quoted(example.answer), '.');
    if (!example.counted) note.append(' Not among the examples that scores are means of.');
    if (example.writtenLeftOut > 0) note.append(` ${count(example.writtenLeftOut)} further tokens of the answer are not in the page.`);
    return element('section', { class: 'look', 'aria-label': caption }, lookTable(example, attended, caption), note, element('div', { class: 'prompt', dir: 'auto' }, ...excerpt(example, attended).map(pieceView)));
  }

  /** @param {string} name @param {HTMLElement} control */
  const labelled = (name, control) => element('label', {}, element('span', {}, name), control);

  /** @param {HTMLSelectElement} select @param {[value: string, text: string][]} options @param {string} chosen */
  function fill(select, options, chosen) {
    select.replaceChildren(...options.map(([value, text]) => element('option', { value }, text)));
    if (options.some(([value]) => value === chosen)) select.value = chosen;
  }

  const controls = {
    setting: element('select'),
    left: element('select'),
    right: element('select'),
    row: element('select'),
    top: element('select'),
    layer: element('input', { type: 'number', min: '0', step: '1' }),
    head: element('input', { type: 'number', min: '0', step: '1' }),
  };
  const shown = element('div', { class: 'looks', 'aria-live': 'polite' });
  const said = element('p', { class: 'note' });

  const cells = () => settings[Number(controls.setting.value)]?.cells ?? [];
  /** @param {HTMLSelectElement} select */
  const cellOf = (select) => cells().find(({ id }) => id === select.value);

  /** Models of another setting: real data beside the first other one. */
  function chooseSetting() {
    const names = cells().map(({ id, name }) => /** @type {[string, string]} */ ([id, name]));
    const real = cells().find(({ condition }) => condition === 'real') ?? cells()[0];
    const other = cells().find((cell) => cell !== real && cell.examples.length > 0) ?? real;
    fill(controls.left, names, real?.id ?? '');
    fill(controls.right, names, other?.id ?? '');
    chooseModels();
    const [best] = topOf(real);
    chooseHead(best?.layer ?? 0, best?.head ?? 0);
  }

  /** @param {Cell | undefined} cell */
  function topOf(cell) {
    if (cell === undefined) return [];
    const all = cell.scores.map((value, at) => ({ layer: Math.floor(at / cell.heads), head: at % cell.heads, value }));
    return all.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value).slice(0, LISTED);
  }

  /** Source rows that both models have a prompt of come first. */
  function chooseModels() {
    const [left, right] = [cellOf(controls.left), cellOf(controls.right)];
    const before = controls.row.value;
    const leftRows = new Map(left?.examples.map((example) => [example.id, example]));
    const rightRows = new Map(right?.examples.map((example) => [example.id, example]));
    const common = [...leftRows.values()].filter(({ id }) => rightRows.has(id));
    const lone = [...leftRows.values(), ...rightRows.values()].filter(({ id }) => !(leftRows.has(id) && rightRows.has(id)));
    /** @param {Example} example */
    const short = ({ id, question }) => `${id}: ${question.length > QUESTION ? `${question.slice(0, QUESTION)}…` : question}`;
    fill(controls.row, [...common.map((each) => /** @type {[string, string]} */ ([each.id, short(each)])), ...lone.map((each) => /** @type {[string, string]} */ ([each.id, `${short(each)} (one model only)`]))], before);
    const top = topOf(left);
    fill(controls.top, [['', `highest scores of ${left?.name ?? ''}`], ...top.map(({ layer, head, value }) => /** @type {[string, string]} */ ([`${layer}/${head}`, `layer ${layer}, head ${head}: ${positive(value)}`]))], '');
    controls.layer.max = String(Math.max(0, (left?.layers ?? 1) - 1));
    controls.head.max = String(Math.max(0, (left?.heads ?? 1) - 1));
  }

  /** @param {number} layer @param {number} head */
  function chooseHead(layer, head) {
    controls.layer.value = String(layer);
    controls.head.value = String(head);
    controls.top.value = `${layer}/${head}`;
    if (controls.top.selectedIndex < 0) controls.top.value = '';
    show();
  }

  function show() {
    const [left, right] = [cellOf(controls.left), cellOf(controls.right)];
    const [layer, head] = [Number(controls.layer.value), Number(controls.head.value)];
    if (left === undefined || right === undefined) return;
    const isHead = Number.isInteger(layer) && Number.isInteger(head) && layer >= 0 && head >= 0 && layer < left.layers && head < left.heads;
    said.textContent = isHead ? '' : `Layers go from 0 to ${left.layers - 1}, heads from 0 to ${left.heads - 1}.`;
    if (!isHead) return shown.replaceChildren();
    const sides = left === right ? [left] : [left, right];
    shown.replaceChildren(
      ...sides.map((cell) => {
        const same = cell.examples.find(({ id }) => id === controls.row.value);
        const section = view(cell, same ?? cell.examples[0], layer, head);
        if (same === undefined && cell.examples.length > 0) section.prepend(element('p', { class: 'note' }, `${cell.name} has no prompt of this source row here; another one of its own stands in.`));
        return section;
      }),
    );
  }

  /**
   * Shows a head that was chosen in a heatmap: of one model, which then stands beside real data, or of two.
   * @param {number} layer @param {number} head @param {string} slug @param {Cell[]} models
   */
  function inspect(layer, head, slug, models) {
    const at = String(settings.findIndex((setting) => setting.slug === slug));
    if (controls.setting.value !== at) {
      controls.setting.value = at;
      chooseSetting();
    }
    const [first, second] = models;
    if (first !== undefined && second !== undefined) [controls.left.value, controls.right.value] = [first.id, second.id];
    else if (first !== undefined && first.id !== controls.left.value) controls.right.value = first.id;
    chooseModels();
    chooseHead(layer, head);
    document.getElementById('inspector')?.scrollIntoView();
    controls.layer.focus({ preventScroll: true });
  }

  /**
   * Lets heads be chosen in a heatmap, whose squares lie layer by layer: by a click, or by arrow keys and Enter.
   * @param {HTMLElement} map @param {number} heads Heads of a layer @param {() => { slug: string, models: Cell[] } | null} whose Models of a setting, whose heads the map shows
   */
  function connect(map, heads, whose) {
    const titles = Array.from(map.querySelectorAll('title'));
    let at = 0;
    /** @param {number} next */
    const point = (next) => {
      titles[at]?.parentElement?.classList.remove('pointed');
      at = next;
      titles[at]?.parentElement?.classList.add('pointed');
      map.setAttribute('aria-label', `${titles[at]?.textContent ?? ''}. Arrow keys choose a head, Enter inspects it.`);
    };
    const choose = () => {
      const shown = whose();
      if (shown !== null) inspect(Math.floor(at / heads), at % heads, shown.slug, shown.models);
    };
    // Its squares were a picture; now they can be chosen.
    map.closest('[role="img"]')?.setAttribute('role', 'group');
    map.tabIndex = 0;
    map.setAttribute('role', 'application');
    map.classList.add('inspectable');
    point(0);
    map.addEventListener('click', (event) => {
      const square = titles.findIndex(({ parentElement }) => parentElement === event.target);
      if (square < 0) return;
      point(square);
      choose();
    });
    map.addEventListener('keydown', (event) => {
      // The highest layer is drawn on top.
      const step = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: heads, ArrowDown: -heads })[event.key];
      if (event.key === 'Enter') choose();
      else if (step === undefined) return;
      else if (titles[at + step] !== undefined) point(at + step);
      event.preventDefault();
    });
  }

  fill(controls.setting, settings.map(({ name }, at) => [String(at), name]), '0');
  controls.setting.addEventListener('change', chooseSetting);
  for (const select of [controls.left, controls.right]) {
    select.addEventListener('change', () => {
      chooseModels();
      show();
    });
  }
  controls.row.addEventListener('change', show);
  controls.top.addEventListener('change', () => {
    const [layer, head] = controls.top.value.split('/').map(Number);
    if (layer !== undefined && head !== undefined) chooseHead(layer, head);
  });
  for (const input of [controls.layer, controls.head]) input.addEventListener('input', () => chooseHead(Number(input === controls.layer ? input.value : controls.layer.value), Number(input === controls.head ? input.value : controls.head.value)));

  const form = element(
    'form',
    { class: 'inspect', 'aria-label': 'Head to inspect' },
    ...(settings.length > 1 ? [labelled('Setting', controls.setting)] : []),
    labelled('Model', controls.left),
    labelled('beside', controls.right),
    labelled('Layer', controls.layer),
    labelled('Head', controls.head),
    labelled('or one of the', controls.top),
    labelled('Source row', controls.row),
  );
  form.addEventListener('submit', (event) => event.preventDefault());
  place.append(form, said, shown);
  document.querySelector('[data-inspector-still]')?.setAttribute('hidden', '');
  chooseSetting();

  for (const map of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-heatmap]'))) {
    const setting = settings.find(({ slug }) => slug === map.dataset['setting']);
    const cell = setting?.cells.find(({ condition }) => condition === map.dataset['condition']);
    if (setting !== undefined && cell !== undefined) connect(map, cell.heads, () => ({ slug: setting.slug, models: [cell] }));
  }
  for (const pair of document.querySelectorAll('[data-pair]')) {
    /** The cell of an option, in the setting that it names, or in that of the two drawings. @param {HTMLOptionElement | undefined} option */
    const cellOfOption = (option) => {
      const setting = settings.find(({ slug }) => (option?.dataset['setting'] === undefined ? `pair-${slug}` === pair.getAttribute('data-pair') : slug === option.dataset['setting']));
      const cell = setting?.cells.find(({ name }) => name === (option?.dataset['name'] ?? option?.text));
      return setting === undefined || cell === undefined ? [] : [{ slug: setting.slug, cell }];
    };
    const chosen = () => Array.from(pair.querySelectorAll('select'), ({ selectedOptions }) => cellOfOption(selectedOptions[0])).flat();
    const [first] = chosen();
    if (first === undefined) continue;
    // The inspector shows models of one setting: of two settings, the first one's.
    const whose = () => {
      const cells = chosen();
      const slug = cells[0]?.slug;
      return slug === undefined ? null : { slug, models: cells.filter((each) => each.slug === slug).map(({ cell }) => cell) };
    };
    for (const map of /** @type {NodeListOf<HTMLElement>} */ (pair.querySelectorAll('[data-map]'))) connect(map, first.cell.heads, whose);
  }
})();
