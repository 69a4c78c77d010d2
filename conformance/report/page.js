"use strict";
// Filters over what stands in the page already; without this script every requirement can still be opened and read.
(() => {
  const byId = (id) => document.getElementById(id);
  const requirements = [...document.querySelectorAll(".requirement")].map((element) => ({
    element,
    outcomes: element.dataset.outcomes.split(" "),
    text: element.textContent.toLowerCase(),
  }));
  const groups = [...document.querySelectorAll(".group")];
  const buttons = [...document.querySelectorAll("button[data-outcome]")];
  const wanted = new Set();

  const show = () => {
    const words = byId("words").value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const { element, outcomes, text } of requirements) {
      const fits =
        (wanted.size === 0 || outcomes.some((outcome) => wanted.has(outcome))) &&
        ["", element.dataset.group].includes(byId("group").value) &&
        ["", element.dataset.level].includes(byId("level").value) &&
        words.every((word) => text.includes(word));
      element.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const group of groups) group.hidden = !group.querySelector(".requirement:not([hidden])");
    byId("shown").textContent = count;
    byId("nothing").hidden = count > 0;
    for (const button of buttons) button.setAttribute("aria-pressed", wanted.has(button.dataset.outcome));
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const outcome = button.dataset.outcome;
      if (!wanted.delete(outcome)) wanted.add(outcome);
      show();
    });
  }
  for (const id of ["group", "level"]) byId(id).addEventListener("change", show);
  byId("words").addEventListener("input", show);
  byId("open").addEventListener("click", () => {
    const shown = requirements.filter(({ element }) => !element.hidden);
    const opening = shown.some(({ element }) => !element.open);
    for (const { element } of shown) element.open = opening;
  });
  byId("reset").addEventListener("click", () => {
    wanted.clear();
    for (const id of ["group", "level", "words"]) byId(id).value = "";
    show();
  });

  // A link to a requirement, such as report.html#DELTA-001, shows it open.
  const follow = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", follow);
  byId("filters").hidden = false;
  follow();
})();
