"use strict";
// Search over tables and text, sorting by any column, the mark in the contents. Without this script the page is
// whole, only still.
const page = (() => {
  const at = (id) => document.getElementById(id);
  const search = at("search");
  const found = at("found");
  const nothing = at("nothing");
  const contents = at("contents");
  const narrow = window.matchMedia("(max-width: 60rem)");
  const listeners = [];
  let hits = 0;

  // What a cell says away from its neighbours: "Qwen2-VL-7B + MIRage" where "+ MIRage" is printed.
  const said = (cell) => cell.querySelector("[data-alone]")?.dataset.alone ?? cell.textContent;

  // Rows of a sorted or searched table are named in full, because the row they continue may be elsewhere.
  const rename = (table) => {
    const apart = table.querySelector("[aria-sort$=ending], tbody tr[hidden]") !== null;
    for (const name of table.querySelectorAll("[data-alone]")) {
      name.dataset.printed ??= name.textContent;
      name.textContent = apart ? name.dataset.alone : name.dataset.printed;
    }
  };

  // A block is found by the words around its rows (then it shows whole) or by rows of its own.
  const blocks = [...document.querySelectorAll("section.block:not(.browser)")].map((block) => {
    const rows = [...block.querySelectorAll("tbody tr")];
    const around = [...block.children].filter((child) => !child.classList.contains("scroll"));
    return {
      block,
      words: [block.dataset.part || "", ...around.map((child) => child.textContent)].join(" ").toLowerCase(),
      rows: rows.map((row) => [row, [...row.cells].map(said).join(" ").toLowerCase()]),
    };
  });

  const has = (text, wanted) => wanted.every((word) => text.includes(word));
  const count = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

  const filter = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    document.documentElement.classList.toggle("searching", wanted.length > 0);
    hits = 0;
    let shown = 0;
    for (const { block, words, rows } of blocks) {
      const whole = has(words, wanted);
      let mine = 0;
      for (const [row, text] of rows) {
        const hit = whole || has(text, wanted);
        row.hidden = !hit;
        if (hit) mine += 1;
      }
      block.hidden = !whole && mine === 0;
      block.querySelectorAll("table").forEach(rename);
      hits += mine;
      if (!block.hidden) shown += 1;
    }
    const samples = listeners.reduce((sum, listener) => sum + listener(wanted), 0);
    hideEmptyParts();
    nothing.hidden = shown > 0 || samples > 0;
    tell(samples);
    fit(boxes);
    mark();
  };

  const clear = () => {
    search.value = "";
    filter();
  };

  const tell = (samples) => {
    found.textContent = search.value.trim() ? `${count(hits, "row")}, ${count(samples, "sample")}` : "";
  };

  // A heading stands for what follows it up to the next heading of its level or above.
  const hideEmptyParts = () => {
    for (const heading of document.querySelectorAll(".part")) {
      let next = heading.nextElementSibling;
      let filled = false;
      while (next && !(next.classList.contains("part") && next.tagName <= heading.tagName)) {
        filled = filled || (next.tagName === "SECTION" && !next.hidden);
        next = next.nextElementSibling;
      }
      heading.hidden = !filled;
    }
  };

  const collator = new Intl.Collator("en", { numeric: true });
  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.value === undefined) return said(cell);
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  // Numbers stand before words.
  const compare = (a, b) => {
    const numbers = [a, b].filter((each) => typeof each === "number").length;
    if (numbers === 1) return typeof a === "number" ? -1 : 1;
    return numbers ? a - b : collator.compare(a, b);
  };

  // First ascending, then descending, then as printed. Cells without a value stay last.
  const sortable = (table) => {
    const body = table.tBodies[0];
    const printed = [...body.rows].map((row) => [row, row.classList.contains("rule")]);
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    const order = (head, column) => {
      const next = { ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")] || "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      if (next === "none") {
        printed.forEach(([row, rule]) => row.classList.toggle("rule", rule));
        body.append(...printed.map(([row]) => row));
        rename(table);
        return;
      }
      const sign = next === "ascending" ? 1 : -1;
      const keyed = printed.map(([row]) => [key(row, column), row]);
      keyed.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b)));
      keyed.forEach(([, row]) => row.classList.remove("rule"));
      body.append(...keyed.map(([, row]) => row));
      rename(table);
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "sort by this column";
      button.append(...head.querySelector("span").childNodes);
      head.querySelector("span").replaceWith(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => order(head, column));
    });
  };

  // A table with means over bases shows these first; its single bases come with a switch.
  const foldable = (table) => {
    if (!table.querySelector("tr.single")) return;
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    label.className = "switch";
    label.append(box, " each base by itself");
    table.classList.add("means");
    box.addEventListener("change", () => {
      table.classList.toggle("means", !box.checked);
      fit([table.parentElement]);
    });
    table.parentElement.previousElementSibling.before(label);
  };

  // A box that shows its whole table is no stop for the tab key, and its heading may follow the page. Long tables
  // keep to a box of their own, so that what follows them is near.
  const MOST_ROWS = 40;
  const boxes = [...document.querySelectorAll(".scroll")];
  const fit = (some) => {
    some.forEach((box) => box.classList.remove("whole"));
    const fits = some.map((box) => box.scrollWidth <= box.clientWidth);
    some.forEach((box, place) => {
      const whole = fits[place] && box.querySelectorAll("tbody tr").length <= MOST_ROWS;
      box.classList.toggle("whole", whole);
      box.previousElementSibling.hidden = fits[place];
      if (whole) box.removeAttribute("tabindex");
      else box.tabIndex = 0;
    });
  };
  // Likewise a figure that is wider than the screen.
  const figures = [...document.querySelectorAll("section > figure")];
  const reach = () => {
    const wide = figures.map((figure) => figure.scrollWidth > figure.clientWidth);
    figures.forEach((figure, place) => {
      if (wide[place]) figure.tabIndex = 0;
      else figure.removeAttribute("tabindex");
    });
  };
  const hint = (box) => {
    const words = document.createElement("p");
    words.className = "hint";
    words.textContent = "More columns: scroll the table sideways →";
    box.before(words);
  };

  // The contents mark the last heading that has reached the upper third of the window.
  const places = [...contents.querySelectorAll("a")]
    .map((link) => [link, at(decodeURIComponent(link.hash.slice(1)))])
    .filter(([, place]) => place);
  const mark = () => {
    const reached = places.filter(([, place]) => place.offsetParent && place.getBoundingClientRect().top < innerHeight / 3);
    const current = reached.length ? reached[reached.length - 1][0] : null;
    for (const [link] of places) {
      if (link === current) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
    const list = contents.parentElement;
    if (current && !narrow.matches && list.scrollHeight > list.clientHeight) {
      const middle = current.offsetTop - list.clientHeight / 2;
      if (Math.abs(list.scrollTop - middle) > list.clientHeight / 3) list.scrollTop = middle;
    }
  };
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  };

  const fold = () => {
    contents.open = !narrow.matches;
  };

  document.documentElement.classList.add("live");
  document.querySelectorAll("table").forEach(sortable);
  boxes.forEach(hint);
  document.querySelectorAll(".scroll table").forEach(foldable);
  at("searching").hidden = false;
  fold();
  fit(boxes);
  reach();
  mark();
  narrow.addEventListener("change", fold);
  window.addEventListener("resize", () => {
    fit(boxes);
    reach();
    soon();
  });
  window.addEventListener("scroll", soon, { passive: true });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && narrow.matches) contents.open = false;
  });
  contents.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    // What a search hides cannot be gone to; the browser follows the link after this.
    if (at(decodeURIComponent(link.hash.slice(1)))?.hidden) clear();
    if (narrow.matches) contents.open = false;
  });
  search.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) {
      event.preventDefault();
      contents.open = true;
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      clear();
    } else if (event.key === "Escape" && narrow.matches) {
      contents.open = false;
    }
  });
  return { onSearch: (listener) => listeners.push(listener), tell };
})();
