
"use strict";
const form = document.querySelector(".filters");
if (form) {
  const groups = [...document.querySelectorAll(".group")].map((element) => ({
    element,
    rows: [...element.querySelectorAll("tbody tr")].map((element) => ({
      element, file: element.cells[0].textContent, text: element.textContent.toLowerCase(),
    })),
  }));
  const all = groups.reduce((sum, group) => sum + group.rows.length, 0);
  let timer;

  function filter() {
    const { text, file, severity, rule } = Object.fromEntries(new FormData(form));
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { element, rows } of groups) {
      const { dataset } = element;
      const wanted = (!severity || dataset.severity === severity) && (!rule || dataset.rule === rule);
      const before = shown;
      for (const row of rows) {
        const fits = wanted && (!file || row.file === file) && words.every((word) => row.text.includes(word));
        row.element.hidden = !fits;
        shown += fits;
      }
      element.hidden = shown === before;
    }
    for (const part of document.querySelectorAll(".part")) {
      part.hidden = !part.querySelector(".group:not([hidden])");
    }
    document.querySelector(".nothing").hidden = shown > 0;
    form.querySelector("output").textContent = `${shown.toLocaleString("en")} of ${all.toLocaleString("en")} shown`;
  }

  // A link from a consequence leads to its cause, though the filters hide it.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.closest("[hidden]")) {
      form.reset();
      filter();
      target.scrollIntoView();
    }
  }

  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(filter, 120); });
  form.addEventListener("reset", () => { setTimeout(filter); });
  form.addEventListener("submit", (event) => { event.preventDefault(); });
  addEventListener("hashchange", reveal);
  form.hidden = false;
  filter();
}
