// Rows of questions in the builder: their menu offers the ready blocks, which are put in as copies,
// and whatever is copied gets keys of its own, with the conditions inside following them.
(() => {
  "use strict";

  const { StreamBlock, StreamBlockDefinition } = window.wagtailStreamField.blocks;
  const READY = "ready:";

  const hex = (count) =>
    Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  const newId = () => [4, 2, 2, 2, 6].map(hex).join("-");
  const newKey = () => `q${hex(4)}`;

  const everyPart = (state, visit) => {
    if (state === null || typeof state !== "object") return;
    visit(state);
    for (const part of Object.values(state)) everyPart(part, visit);
  };

  const isQuestion = (part) => part.type && part.value && typeof part.value.key === "string";

  const keysOnPage = () =>
    new Set(
      Array.from(
        document.querySelectorAll('[data-contentpath="key"] [data-made-key]'),
        (input) => input.value,
      ),
    );

  // Blocks as they may be put into this form: no key stands twice, and what looked at a question
  // within the copy looks at the copied one.
  const fresh = (states) => {
    const copy = structuredClone(states);
    const taken = keysOnPage();
    const renamed = new Map();
    everyPart(copy, (part) => {
      if ("id" in part) part.id = newId();
      if (!isQuestion(part)) return;
      const key = part.value.key;
      if (!key || taken.has(key)) {
        part.value.key = newKey();
        if (key) renamed.set(key, part.value.key);
      }
      taken.add(part.value.key);
    });
    everyPart(copy, (part) => {
      if (renamed.has(part.field)) part.field = renamed.get(part.field);
    });
    return copy;
  };

  const loads = new Map();
  const load = (url) => {
    if (!loads.has(url)) {
      const answer = fetch(url, { headers: { Accept: "application/json" } });
      loads.set(
        url,
        answer.then((response) => (response.ok ? response.json() : { blocks: [] })),
      );
    }
    return loads.get(url);
  };

  class Questions extends StreamBlock {
    _onRequestInsert(index, options) {
      if (!options.type?.startsWith(READY)) {
        super._onRequestInsert(index, options);
        return;
      }
      fresh(this.blockDef.ready.get(options.type)).forEach((state, number) => {
        this.insert(state, index + number, { animate: true, focus: number === 0 });
      });
    }

    duplicateBlock(index, options) {
      const child = this.children[index];
      const [copy] = fresh([child.getDuplicatedState()]);
      const animate = options?.animate;
      this.insert(copy, index + 1, { animate, focus: true, collapsed: child.collapsed });
    }
  }

  class QuestionsDefinition extends StreamBlockDefinition {
    constructor(...parts) {
      super(...parts);
      this.ready = new Map();
      load(this.meta.ready.url).then(({ blocks }) => this.offer(blocks));
    }

    // Menus are drawn from these groups when they are opened.
    offer(blocks) {
      const fitting = blocks.filter(({ questions }) =>
        questions.every(({ type }) => type in this.childBlockDefsByName),
      );
      const items = fitting.map(({ pk, title, help, questions }) => {
        this.ready.set(READY + pk, questions);
        const meta = { label: title, description: help, icon: "snippet" };
        return { name: READY + pk, meta };
      });
      if (items.length) this.groupedChildBlockDefs.unshift([this.meta.ready.heading, items]);
    }

    render(placeholder, prefix, state, error) {
      return new Questions(this, placeholder, prefix, state, error);
    }
  }

  window.telepath.register("forms.blocks.Questions", QuestionsDefinition);
})();
