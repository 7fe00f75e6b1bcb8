// Finds briefs by name while one types; without this all of them are there.
(() => {
  "use strict";
  for (const field of document.querySelectorAll(".find")) {
    const typed = field.querySelector("input");
    const told = field.querySelector("output");
    const items = [...document.getElementById(typed.getAttribute("aria-controls")).children];
    typed.addEventListener("input", () => {
      const wanted = typed.value.trim().toLocaleLowerCase();
      for (const item of items) item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
      told.value = wanted ? told.dataset.found.replace("{n}", items.filter((item) => !item.hidden).length) : "";
    });
    field.hidden = false;
  }
})();
