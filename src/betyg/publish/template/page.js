// Two conveniences; the page says everything without them. No request, no storage.
(() => {
  "use strict";
  const main = document.getElementById("content");
  const language = document.documentElement.lang;
  const squeezed = (text) => text.replace(/\s+/g, " ").trim();

  // One agency, marked in every figure and table.
  const picker = document.getElementById("picker");
  if (picker) {
    const choice = picker.querySelector("select");
    const told = picker.querySelector("output");
    const isNamed = (text, name) =>
      text === name || (text.endsWith("…") && text.length > 3 && name.startsWith(text.slice(0, -1)));
    const labels = [...main.querySelectorAll("svg g, svg > text")]
      .filter((node) => node.tagName === "text" || (node.children.length && [...node.children].every((part) => part.tagName === "text")))
      .map((node) => ({ node, text: squeezed(node.tagName === "text" ? node.textContent : [...node.children].map((part) => part.textContent).join(" ")) }));
    const clear = () => {
      for (const old of main.querySelectorAll(".picked-row")) old.remove();
      for (const old of main.querySelectorAll(".picked")) old.classList.remove("picked");
    };
    const mark = (node) => {
      node.classList.add("picked");
      const drawing = node.ownerSVGElement;
      const box = node.getBBox();
      if (!box.height) return; // not on the screen: the drawing for another width is
      const way = drawing.getScreenCTM().inverse().multiply(node.getScreenCTM());
      if (Math.abs(way.b) > 1e-6) return; // text that stands upright names a column
      const row = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const size = { x: 0, width: drawing.viewBox.baseVal.width, y: box.y * way.d + way.f - 3, height: box.height * way.d + 6 };
      for (const [name, value] of Object.entries(size)) row.setAttribute(name, value);
      row.setAttribute("class", "picked-row");
      drawing.prepend(row);
    };
    const pick = () => {
      clear();
      const name = choice.selectedOptions[0].text;
      if (!choice.value) { told.value = ""; return; }
      let places = 0;
      for (const { node, text } of labels) {
        if (isNamed(text, name)) { mark(node); places += 1; }
      }
      for (const head of main.querySelectorAll("tbody th, tbody td:first-child")) {
        if (squeezed(head.textContent) === name) { head.parentElement.classList.add("picked"); places += 1; }
      }
      told.value = told.dataset.found.replace("{n}", places);
    };
    choice.addEventListener("change", pick);
    addEventListener("resize", pick);
    picker.hidden = false;
  }

  // Tables in another order: the heading of a column is a button.
  const hasComma = (1.5).toLocaleString(language).includes(",");
  const number = (text) => {
    const plain = text.replace(/[\s\u00a0\u202f]+(?=\d{3}(?!\d))/g, "").replace("−", "-");
    const found = /-?\d+(?:\.\d+)?/.exec(hasComma ? plain.replace(",", ".") : plain.replace(/,/g, ""));
    return found ? parseFloat(found[0]) : NaN;
  };
  const order = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (!isNaN(x) && !isNaN(y) && x !== y) return x - y;
    if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
    return a.localeCompare(b, language);
  };
  for (const table of main.querySelectorAll("table")) {
    const heads = [...table.querySelectorAll("thead th")];
    const body = table.tBodies[0];
    if (!body || body.rows.length < 3 || heads.length < 3) continue;
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((a, b) => order(squeezed(a.cells[column].textContent), squeezed(b.cells[column].textContent)));
        body.append(...(down ? rows.reverse() : rows));
      });
    });
  }
})();
