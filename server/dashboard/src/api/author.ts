/** Whose draft this page reads and writes where the service knows no user: a name that the person may set. */

const PLACE = "veneer.author";

export function author(): string {
  try {
    return localStorage.getItem(PLACE) ?? "";
  } catch {
    return "";
  }
}

export function setAuthor(name: string): void {
  if (name.trim()) localStorage.setItem(PLACE, name.trim());
  else localStorage.removeItem(PLACE);
}
