// The sample browser. Every text is set as text, never as markup: answers may hold anything.
(() => {
  const source = document.getElementById("browser-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const at = (id) => document.getElementById(id);
  const section = at("browser").closest("section");
  const chosen = new Set(data.shown);
  const filters = { suite: at("by-suite"), corner: at("by-corner"), category: at("by-category") };
  const byOutcome = at("by-outcome");
  let wanted = [];
  let matched = [];
  let current = -1;

  const element = (tag, text = "", name = "") => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const verdictOf = (said) => data.verdicts[said[1]];
  const answers = (sample) => [...chosen].sort((a, b) => a - b).map((m) => [m, sample.said[m]]).filter(([, said]) => said);
  const picture = (place, number) => {
    const image = element("img");
    image.src = data.pictures[place];
    image.alt = `image ${number} of the sample`;
    return image;
  };

  // Invisible characters arrive as <U+XXXX>; here they only get a colour of their own.
  const setForeign = (target, text) => {
    target.replaceChildren(
      ...text.split(/(<U\+[0-9A-F]{4,6}>)/).map((part, place) => (place % 2 ? element("mark", part) : part)),
    );
  };

  const lower = data.texts.map((text) => text.toLowerCase());
  const words = data.samples.map((sample) =>
    [sample.id, sample.suite, sample.corner, sample.category, data.texts[sample.prompt]].join(" ").toLowerCase());
  // A word is looked for in the sample and in the answers that are shown with it.
  const has = (sample, place, word) =>
    words[place].includes(word) || answers(sample).some(([, said]) => lower[said[0]].includes(word));

  const fill = (select, values, all) => {
    select.append(new Option(all, ""), ...values.map((value) => new Option(value, value)));
  };
  const values = (name) => [...new Set(data.samples.map((sample) => sample[name]).filter(Boolean))];

  const fits = (sample, place) =>
    Object.entries(filters).every(([name, select]) => !select.value || sample[name] === select.value) &&
    wanted.every((word) => has(sample, place, word)) &&
    (!byOutcome.value || answers(sample).some(([, said]) => verdictOf(said).outcome === byOutcome.value));

  const outcomes = (sample) => {
    const counts = new Map();
    for (const [, said] of answers(sample)) {
      const { outcome } = verdictOf(said);
      counts.set(outcome, (counts.get(outcome) || 0) + 1);
    }
    return [...counts].map(([outcome, many]) => `${outcome} ${many}`).join(" · ") || "no answer of a chosen model";
  };

  const refresh = () => {
    matched = [...data.samples.keys()].filter((place) => fits(data.samples[place], place));
    at("list").replaceChildren(...matched.map(line));
    at("matched").textContent = `${matched.length} of ${data.samples.length} samples`;
    at("choose").firstElementChild.textContent = `Models: ${chosen.size} of ${data.models.length} chosen`;
    if (!matched.includes(current)) current = matched.length ? matched[0] : -1;
    show();
    return matched.length;
  };

  const line = (place) => {
    const sample = data.samples[place];
    const button = element("button");
    const thumbs = element("span", "", "thumbs");
    thumbs.append(...sample.pictures.map((p, i) => picture(p, i + 1)));
    const text = element("span", "", "line");
    const asked = element("span", "", "clip");
    setForeign(asked, data.texts[sample.prompt]);
    text.append(element("b", sample.corner || sample.suite), asked, element("small", outcomes(sample)));
    button.type = "button";
    button.dataset.place = place;
    button.append(thumbs, text);
    button.addEventListener("click", () => select(place));
    const item = element("li");
    item.append(button);
    return item;
  };

  const show = () => {
    at("sample").hidden = current < 0;
    for (const button of at("list").querySelectorAll("button")) {
      const mine = Number(button.dataset.place) === current;
      if (mine) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    if (current < 0) return;
    const sample = data.samples[current];
    const facts = [sample.suite, sample.corner, sample.category, ...sample.facts].filter(Boolean);
    at("where").textContent = facts.join(" · ");
    at("pictures").replaceChildren(...sample.pictures.map((p, i) => {
      const framed = element("figure");
      framed.append(picture(p, i + 1), element("figcaption", `image ${i + 1}`));
      return framed;
    }));
    setForeign(at("prompt"), data.texts[sample.prompt]);
    setForeign(at("link"), sample.id);
    at("link").href = address(sample);
    at("siblings").replaceChildren(...siblings(sample));
    at("answers").replaceChildren(...answers(sample).map(([model, said]) => card(data.models[model], said)));
    const place = matched.indexOf(current);
    at("before").disabled = place <= 0;
    at("after").disabled = place < 0 || place === matched.length - 1;
  };

  const siblings = (sample) => {
    const group = [...data.samples.keys()].filter((p) => data.samples[p].suite === sample.suite && data.samples[p].group === sample.group);
    if (group.length < 2) return [];
    return ["Beside it: ", ...group.map((place) => {
      const other = data.samples[place];
      const button = element("button", other.corner || other.facts.join(", "));
      button.type = "button";
      button.disabled = place === current;
      button.addEventListener("click", () => select(place));
      return button;
    })];
  };

  const card = (model, said) => {
    const verdict = verdictOf(said);
    const made = element("div", "", "said");
    const head = element("p", "", "head");
    head.append(element("b", model.label), element("span", verdict.words, `verdict ${verdict.tone}`));
    const answer = element("p", "", "answer");
    answer.dir = "ltr";
    const text = data.texts[said[0]];
    if (text) setForeign(answer, text);
    else answer.append(element("i", "(empty)"));
    made.append(head);
    if (verdict.meaning) made.append(element("p", verdict.meaning, "meaning"));
    made.append(answer);
    if (/^(https?:|provenance\.html#)/.test(model.link)) {
      const found = model.link.startsWith("http");
      const link = element("a", found ? `run of ${model.label} in MLflow` : "how to find this run in MLflow");
      link.href = model.link;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      made.append(link);
    }
    return made;
  };

  const address = (sample) => `#sample=${encodeURIComponent(sample.id)}`;

  const narrow = window.matchMedia("(max-width: 60rem)");

  const select = (place) => {
    current = place;
    show();
    history.replaceState(null, "", address(data.samples[place]));
    if (narrow.matches) at("sample").scrollIntoView();
    else at("sample").scrollTop = 0;
  };

  const step = (by) => {
    const place = matched.indexOf(current) + by;
    if (place < 0 || place >= matched.length) return;
    select(matched[place]);
    const button = at("list").querySelector("[aria-current]");
    button.scrollIntoView({ block: "nearest" });
    return button;
  };

  // A link to a sample shows it whatever was filtered before.
  const follow = () => {
    const linked = /^#sample=(.*)$/.exec(location.hash);
    if (!linked) return;
    let id = linked[1];
    try {
      id = decodeURIComponent(id);
    } catch {
      // Not written by this page; then no sample has such an id.
    }
    const place = data.samples.findIndex((sample) => sample.id === id);
    if (place < 0) {
      at("matched").textContent = `There is no sample ${id} among the ${data.samples.length} of this page.`;
    } else {
      for (const select_ of [...Object.values(filters), byOutcome]) select_.value = "";
      current = place;
      refresh();
      at("list").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    }
    section.hidden = false;
    at(narrow.matches && place >= 0 ? "sample" : "browser").scrollIntoView({ behavior: "instant" });
  };

  const chooseModels = () => {
    const boxes = data.models.map((model, place) => {
      const label = element("label");
      const box = element("input");
      box.type = "checkbox";
      box.checked = chosen.has(place);
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(place);
        else chosen.delete(place);
        page.tell(refresh());
      });
      label.append(box, ` ${model.label}`);
      return [label, box];
    });
    at("by-model").append(...boxes.map(([label]) => label));
    const all = (on) => () => {
      boxes.forEach(([, box], place) => {
        box.checked = on;
        if (on) chosen.add(place);
      });
      if (!on) chosen.clear();
      page.tell(refresh());
    };
    at("all-models").addEventListener("click", all(true));
    at("no-models").addEventListener("click", all(false));
  };

  fill(filters.suite, values("suite"), "all suites");
  fill(filters.corner, values("corner"), "all corners");
  fill(filters.category, values("category").sort(), "all categories");
  fill(byOutcome, [...new Set(data.verdicts.map((verdict) => verdict.outcome))].sort(), "any outcome");
  chooseModels();
  for (const control of [...Object.values(filters), byOutcome]) control.addEventListener("change", refresh);
  at("before").addEventListener("click", () => step(-1));
  at("after").addEventListener("click", () => step(1));
  at("list").addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by)?.focus();
  });
  page.onSearch((asked) => {
    wanted = asked;
    const many = refresh();
    section.hidden = asked.length > 0 && many === 0;
    return many;
  });
  at("browser").hidden = false;
  at("needs-script").hidden = true;
  refresh();
  window.addEventListener("hashchange", follow);
  follow();
})();
