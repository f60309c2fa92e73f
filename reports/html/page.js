"use strict";
(() => {
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const rows = [...document.querySelectorAll("tbody tr")];
  const items = [...document.querySelectorAll(".item")];
  const words = new Map([...rows, ...items].map((e) => [e, e.textContent.toLowerCase()]));

  const filter = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [element, text] of words) {
      const hit = wanted.every((word) => text.includes(word));
      element.hidden = !hit;
      if (hit) count += 1;
    }
    for (const quad of document.querySelectorAll(".quad")) {
      quad.hidden = !quad.querySelector(".item:not([hidden])");
    }
    found.textContent = wanted.length ? `${count} rows and samples` : "";
  };
  search.addEventListener("input", filter);

  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.value === undefined) return cell.textContent;
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" ? a - b : a.localeCompare(b);
  };
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const sorted = [...body.rows].map((row) => [key(row, column), row]);
        sorted.sort(([a], [b]) => (a === null || b === null ? compare(a, b) : (down ? -1 : 1) * compare(a, b)));
        body.append(...sorted.map(([, row]) => row));
        for (const row of body.rows) row.classList.remove("rule");
      });
    });
  }
})();
