import { expect, it } from "vitest";
import { itemAsQuery, itemText } from "./item-text.ts";
import { loadTask } from "./task-file.ts";

const movie = { id: "1", fields: { description: "A war film.", tag: "violence" } };
const article = { id: "2", fields: { text: "Rain fell.", title: "Rain" } };
const tweet = { id: "3", fields: { text: "hello" } };

it("an item's text leaves a tag out unless it is asked for; what a user has written is text", () => {
  expect(itemText(loadTask("LaMP_2"), movie, false)).toBe("A war film.");
  expect(itemText(loadTask("LaMP_2"), movie, true)).toBe("A war film. | violence");
  expect(itemText(loadTask("LaMP_4"), article, false)).toBe("Rain fell. | Rain");
  expect(itemText(loadTask("LaMP_7"), tweet, false)).toBe("hello");
});

it("an item is asked in the words of another query, with the user's own choice as its gold", () => {
  const asked = { input: "Which tag? description: A love story." };
  expect(itemAsQuery(loadTask("LaMP_2"), asked, movie)).toEqual({
    input: "Which tag? description: A war film.",
    gold: "violence",
  });
  expect(itemAsQuery(loadTask("LaMP_7"), { input: "Paraphrase: hi" }, tweet)).toBeNull();
  expect(itemAsQuery(loadTask("LaMP_1"), { input: 'title "a" [1]: "b" [2]: "c"' }, article)).toBeNull();
  expect(itemAsQuery(loadTask("LaMP_2"), { input: "no mark" }, movie)).toBeNull();
});
