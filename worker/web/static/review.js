// Reading aid: pointing at a passage lights up its counterparts; a click shows them in the other
// text. Without script the numbers are plain links that do the same.
"use strict";

const passages = document.querySelectorAll("[data-partners]");

function setLit(passage, isLit) {
  for (const id of passage.dataset.partners.split(" ")) {
    for (const piece of document.querySelectorAll(`#${id}, [data-partners~="${passage.id}"]`)) {
      piece.classList.toggle("lit", isLit && piece !== passage);
    }
  }
}

for (const passage of passages) {
  passage.addEventListener("pointerenter", () => setLit(passage, true));
  passage.addEventListener("pointerleave", () => setLit(passage, false));
  passage.addEventListener("focusin", () => setLit(passage, true));
  passage.addEventListener("focusout", () => setLit(passage, false));
  passage.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link && String(getSelection())) return; // the click ended a selection
    event.preventDefault();
    const target = link ? link.hash : `#${passage.dataset.partners.split(" ")[0]}`;
    location.replace(target); // moves :target without a further step in the history
  });
}
