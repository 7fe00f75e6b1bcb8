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
    const isEndOfLine = (text, name) => text.startsWith(name + " ") && /^[\d.,−]+$/.test(text.slice(name.length + 1));
    const isNamed = (text, name) =>
      text === name || isEndOfLine(text, name) || (text.endsWith("…") && text.length > 3 && name.startsWith(text.slice(0, -1)));
    const labels = [...main.querySelectorAll("svg g, svg > text")]
      .filter((node) => node.tagName === "text" || (node.children.length && [...node.children].every((part) => part.tagName === "text")))
      .map((node) => ({ node, text: squeezed(node.tagName === "text" ? node.textContent : [...node.children].map((part) => part.textContent).join(" ")) }));
    const clear = () => {
      for (const old of main.querySelectorAll(".picked-row")) old.remove();
      for (const old of main.querySelectorAll(".picked")) old.classList.remove("picked");
    };
    const mark = (node, text, name) => {
      node.classList.add("picked");
      if (isEndOfLine(text, name)) return; // names a line with its last value, not a row
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
        if (isNamed(text, name)) { mark(node, text, name); places += 1; }
      }
      for (const head of main.querySelectorAll("tbody th, tbody td:first-child")) {
        if (squeezed(head.textContent) === name) { head.parentElement.classList.add("picked"); places += 1; }
      }
      told.value = told.dataset.found.replace("{n}", places);
    };
    const heads = [...main.querySelectorAll("tbody th, tbody td:first-child")].map((head) => squeezed(head.textContent));
    for (const option of [...choice.options].slice(1)) { // whom nothing here names cannot be marked
      if (!heads.includes(option.text) && !labels.some(({ text }) => isNamed(text, option.text))) option.remove();
    }
    choice.addEventListener("change", pick);
    addEventListener("resize", pick);
    picker.hidden = choice.options.length < 2;
  }

  // Tables in another order: the heading of a column is a button.
  const hasComma = (1.5).toLocaleString(language).includes(",");
  const number = (text) => {
    const plain = text.replace(/(?<=\d)[\s\u00a0\u202f]+(?=\d{3}(?!\d))/g, "").replace("−", "-");
    const found = /-?\d+(?:\.\d+)?/.exec(plain.replace(/(?<=\d),(?=\d)/g, hasComma ? "." : ""));
    return found ? parseFloat(found[0]) : NaN;
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    return x === y || isNaN(x) || isNaN(y) ? a.localeCompare(b, language) : x - y;
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
        const texts = new Map([...body.rows].map((row) => [row, squeezed(row.cells[column].textContent)]));
        const isNumber = head.classList.contains("number") || [...texts.values()].every((text) => !text || /\d/.test(text));
        const isLast = (text) => (isNumber ? isNaN(number(text)) : !text); // nothing to order by: last, both ways
        const order = isNumber ? compare : (a, b) => a.localeCompare(b, language);
        const rows = [...texts].sort(([, a], [, b]) => isLast(a) - isLast(b) || (down ? order(b, a) : order(a, b)));
        body.append(...rows.map(([row]) => row));
      });
    });
  }
})();
