"use strict";

// What the pages of the API do with scripts; without them every table, link and form works as well.
(() => {
  // A question without its empty fields, so that the address says no more than what is asked.
  function sendWhatIsFilledIn(event) {
    const empty = [...event.target.elements].filter((field) => field.name && !field.value);
    for (const field of empty) field.disabled = true;
    setTimeout(() => empty.forEach((field) => (field.disabled = false)));
  }

  function copy(button) {
    const before = button.textContent;
    const done = () => {
      button.textContent = button.dataset.done;
      setTimeout(() => (button.textContent = before), 1600);
    };
    navigator.clipboard.writeText(button.dataset.copy).then(done, () => select(button.previousElementSibling));
  }

  const select = (element) => getSelection().selectAllChildren(element);

  for (const form of document.querySelectorAll("[data-form]")) form.addEventListener("submit", sendWhatIsFilledIn);
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", () => copy(button));
  }
})();
