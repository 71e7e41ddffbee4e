// Light or dark mode, as chosen in Airflow, which saves it in this origin's storage. Otherwise as in
// the system.

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const told = [];

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is blocked
  }
}

function apply() {
  const choice = chosen();
  const isDark = choice === "dark" || (choice !== "light" && system.matches);
  document.documentElement.classList.toggle("dark", isDark);
  for (const tell of told) tell();
}

export const onTheme = (tell) => told.push(tell);

system.addEventListener("change", apply);
addEventListener("storage", apply);
apply();
