document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tick]");
  if (!button) return;
  document.querySelectorAll("input[name=column]").forEach((box) => { box.checked = button.dataset.tick === "all"; });
});
