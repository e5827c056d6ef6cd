/**
 * Head inspector: choose a head (in any heatmap, by a click or by arrow keys and Enter, or by layer and head) and see, for two models side by side, which
 * tokens it attended while each token of an answer was written. Reads the data block `inspections`; says what
 * inspector/looks.ts says.
 */
(() => {
  'use strict';

  /**
   * @typedef {{ id: string, question: string, answer: string, counted: boolean, promptTokens: number, written: string[], writtenLeftOut: number,
   *   windows: { first: number, tokens: string[] }[], special: number[], needles: [number, number][], answers: [number, number][], attended: string, width: 2 | 4 }} Example
   * @typedef {{ id: string, condition: string, name: string, kind: string, layers: number, heads: number, scores: number[], kept: [number, number][] | null, examples: Example[] }} Cell
   * @typedef {{ name: string, slug: string, cells: Cell[] }} Setting
   */

  /** Tokens shown on either side of what is shown for its own sake. */
  const AROUND = 8;
  /** A gap of no more tokens than these is shown, where the page holds them. */
  const SMALL_GAP = 3;
  /** Heads offered by name. */
  const LISTED = 20;
  /** Characters of a question in a list. */
  const QUESTION = 70;

  const place = document.querySelector('[data-inspector]');
  const data = document.getElementById('inspections');
  if (place === null || data === null) return;
  const settings = /** @type {Setting[]} */ (JSON.parse(data.textContent ?? '[]'));

  /** @param {number} value */
  const count = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  /** @param {number} value */
  const score = (value) => (value > 0 && value < 0.005 ? String(Number(value.toPrecision(1))) : value.toFixed(2));

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

  /** @param {Cell} cell @param {Example} example @param {number} layer @param {number} head @returns {number[] | null} */
  function attendedBy(cell, example, layer, head) {
    const at = cell.kept === null ? layer * cell.heads + head : cell.kept.findIndex(([l, h]) => l === layer && h === head);
    const bytes = Uint8Array.from(atob(example.attended), (character) => character.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const each = bytes.length / example.width / example.written.length;
    if (at < 0 || at >= each) return null;
    return example.written.map((_, token) => {
      const offset = (token * each + at) * example.width;
      return example.width === 2 ? view.getUint16(offset, true) : view.getUint32(offset, true);
    });
  }

  /** @param {[number, number][]} ranges @param {number} position */
  const isIn = (ranges, position) => ranges.some(([from, to]) => position >= from && position < to);

  /** @param {Example} example @returns {Map<number, string>} */
  const textsOf = ({ windows }) => new Map(windows.flatMap(({ first, tokens }) => tokens.map((text, at) => /** @type {const} */ ([first + at, text]))));

  /** @param {Example} example @param {number} position @param {string | undefined} token */
  function whereOf({ promptTokens, answers, needles, special }, position, token) {
    if (position >= promptTokens) return `the answer’s own token ${count(position - promptTokens + 1)}`;
    if (special.includes(position)) return 'put in by the tokenizer';
    if (isIn(answers, position)) return 'the answer in a needle';
    if (isIn(needles, position)) return 'a needle';
    const at = `token ${count(position + 1)} of ${count(promptTokens)}`;
    return token === undefined ? `${at}, outside of the excerpt` : at;
  }

  /** @param {Example} example @param {number[]} attended */
  function lookTable(example, attended, caption = '') {
    const texts = textsOf(example);
    const rows = example.written.map((written, at) => {
      const position = /** @type {number} */ (attended[at]);
      const token = position >= example.promptTokens ? example.written[position - example.promptTokens] : texts.get(position);
      return element('tr', {}, element('th', { scope: 'row', class: 'number' }, String(at + 1)), element('td', { class: 'token' }, quoted(written)), element('td', { class: 'token' }, token === undefined ? '' : quoted(token)), element('td', {}, whereOf(example, position, token)));
    });
    const heads = ['', 'Token of the answer', 'Attended', 'Where'].map((name) => element('th', { scope: 'col' }, name));
    return element('div', { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' }, element('table', {}, element('caption', {}, caption), element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows)));
  }

  /** @param {Example} example @param {number[]} attended */
  function excerpt(example, attended) {
    const texts = textsOf(example);
    const { promptTokens, needles, answers, special } = example;
    /** @type {Map<number, number[]>} */
    const forWhich = new Map();
    for (const [at, position] of attended.entries()) {
      let first = position;
      // Of several tokens that spell one character, the first has it.
      while (texts.get(first) === '') first -= 1;
      forWhich.set(first, [...(forWhich.get(first) ?? []), at + 1]);
    }
    const isWanted = new Uint8Array(promptTokens);
    const wanted = [...needles, ...attended.map((position) => [position, position + 1]), [0, 1], [promptTokens - 1, promptTokens]];
    for (const [from, to] of /** @type {[number, number][]} */ (wanted)) isWanted.fill(1, Math.max(0, from - AROUND), Math.min(promptTokens, to + AROUND));
    for (let at = 0, from = 0; at < promptTokens; at += 1) {
      if (isWanted[at] === 0) continue;
      if (at - from <= SMALL_GAP) isWanted.fill(1, from, at);
      from = at + 1;
    }
    const shown = element('div', { class: 'prompt', dir: 'auto' });
    let gap = 0;
    const closeGap = () => {
      if (gap > 0) shown.append(element('span', { class: 'left-out' }, ` … ${count(gap)} ${gap === 1 ? 'token' : 'tokens'} … `));
      gap = 0;
    };
    let run = /** @type {{ kind: string, node: HTMLElement } | null} */ (null);
    for (let at = 0; at < promptTokens; at += 1) {
      const text = texts.get(at);
      if (isWanted[at] === 0 || text === undefined) {
        gap += 1;
        run = null;
        continue;
      }
      closeGap();
      const kind = special.includes(at) ? 'special' : isIn(answers, at) ? 'answer' : isIn(needles, at) ? 'needle' : 'plain';
      if (run?.kind !== kind) {
        run = { kind, node: kind === 'plain' || kind === 'special' ? element('span', { class: kind }) : element('mark', { class: kind }) };
        shown.append(run.node);
      }
      const tokens = forWhich.get(at);
      if (tokens === undefined) run.node.append(text);
      else {
        const word = text.trimEnd();
        run.node.append(element('strong', { class: 'attended' }, word, element('sup', {}, tokens.join(', '))), text.slice(word.length));
      }
    }
    closeGap();
    return shown;
  }

  /** @param {Cell} cell @param {Example | undefined} example @param {number} layer @param {number} head */
  function view(cell, example, layer, head) {
    const caption = `${cell.name}: layer ${layer}, head ${head}, mean ${cell.kind} score ${score(cell.scores[layer * cell.heads + head] ?? 0)}`;
    if (example === undefined) return element('section', { class: 'look' }, element('p', { class: 'note' }, `${cell.name}: the page holds no prompt of this model.`));
    const attended = attendedBy(cell, example, layer, head);
    if (attended === null) return element('section', { class: 'look' }, element('p', { class: 'note' }, `${caption}: the page does not hold where this head looked; examples.safetensors of the score artifact does.`));
    const note = element('p', { class: 'note' }, `Prompt of ${cell.name}, source row `, quoted(example.id), ': ', quoted(example.question), ' Trained answer: ', quoted(example.answer), '.');
    if (!example.counted) note.append(' Not among the examples that scores are means of.');
    if (example.writtenLeftOut > 0) note.append(` ${count(example.writtenLeftOut)} further tokens of the answer are not in the page.`);
    return element('section', { class: 'look', 'aria-label': caption }, lookTable(example, attended, caption), note, excerpt(example, attended));
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
    fill(controls.top, [['', `highest scores of ${left?.name ?? ''}`], ...top.map(({ layer, head, value }) => /** @type {[string, string]} */ ([`${layer}/${head}`, `layer ${layer}, head ${head}: ${score(value)}`]))], '');
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
   * @param {HTMLElement} map @param {string} slug @param {number} heads Heads of a layer @param {() => Cell[]} models Whose heads the map shows
   */
  function connect(map, slug, heads, models) {
    const titles = Array.from(map.querySelectorAll('title'));
    let at = 0;
    /** @param {number} next */
    const point = (next) => {
      titles[at]?.parentElement?.classList.remove('pointed');
      at = next;
      titles[at]?.parentElement?.classList.add('pointed');
      map.setAttribute('aria-label', `${titles[at]?.textContent ?? ''}. Arrow keys choose a head, Enter inspects it.`);
    };
    const choose = () => inspect(Math.floor(at / heads), at % heads, slug, models());
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
    if (setting !== undefined && cell !== undefined) connect(map, setting.slug, cell.heads, () => [cell]);
  }
  for (const pair of document.querySelectorAll('[data-pair]')) {
    const setting = settings.find(({ slug }) => `pair-${slug}` === pair.getAttribute('data-pair'));
    const cell = setting?.cells[0];
    if (setting === undefined || cell === undefined) continue;
    const models = () => Array.from(pair.querySelectorAll('select'), ({ selectedOptions }) => setting.cells.find(({ name }) => name === selectedOptions[0]?.text)).filter((each) => each !== undefined);
    for (const map of /** @type {NodeListOf<HTMLElement>} */ (pair.querySelectorAll('[data-map]'))) connect(map, setting.slug, cell.heads, models);
  }
})();
