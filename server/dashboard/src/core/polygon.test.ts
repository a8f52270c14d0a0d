import { expect, test } from "vitest";
import { insideSql, isInside, PolygonGrid, simplify } from "./polygon";

const square = [0, 0, 10, 0, 10, 10, 0, 10];

test("a point is inside or outside of a square", () => {
  expect(isInside(square, 5, 5)).toBe(true);
  expect(isInside(square, 15, 5)).toBe(false);
});

test("the hole of a self-crossing lasso is outside", () => {
  const twice = [...square, ...square];
  expect(isInside(twice, 5, 5)).toBe(false);
});

/** Evaluates the SQL as JavaScript: the few forms that it uses. */
function evaluate(sql: string, x: number, y: number): boolean {
  const script = sql
    .replaceAll(/CASE WHEN (.+?) THEN 1 ELSE 0 END/g, "(($1) ? 1 : 0)")
    .replaceAll(" AND ", " && ")
    .replaceAll(" % 2 = 1", " % 2 === 1")
    .replaceAll('"x"', `(${x})`)
    .replaceAll('"y"', `(${y})`);
  return new Function(`return ${script}`)() as boolean;
}

test("the SQL of a lasso says the same as the page", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const star = Array.from({ length: 30 }, () => random() * 20 - 10);
  const sql = insideSql('"x"', '"y"', star);
  for (let i = 0; i < 300; i++) {
    const [x, y] = [random() * 24 - 12, random() * 24 - 12];
    expect(evaluate(sql, x, y), `${x}, ${y}`).toBe(isInside(star, x, y));
  }
});

test("a lasso of a thousand corners keeps its shape in forty", () => {
  const circle = Array.from({ length: 1000 }, (_, i) => [Math.cos(i / 159.155), Math.sin(i / 159.155)]).flat();
  const fewer = simplify(circle);
  expect(fewer.length).toBe(80);
  expect(isInside(fewer, 0.97, 0)).toBe(true);
  expect(isInside(fewer, 1.01, 0)).toBe(false);
});

test("the grid of a polygon answers as the polygon does", () => {
  let seed = 11;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let shape = 0; shape < 5; shape++) {
    const star = Array.from({ length: 40 }, () => random() * 20 - 10);
    const grid = new PolygonGrid(star);
    for (let i = 0; i < 20_000; i++) {
      const [x, y] = [random() * 24 - 12, random() * 24 - 12];
      if (grid.has(x, y) !== isInside(star, x, y)) expect.fail(`${x}, ${y} in ${star}`);
    }
  }
});
