/** The colours behind the points, from the theme. */
import { useMemo } from "react";
import { parse } from "../../render/palette";
import { isDark, useTheme } from "../../theme/theme";

export function usePlotGround(): { background: [number, number, number]; foreground: [number, number, number] } {
  const { choice } = useTheme();
  const dark = isDark(choice);
  return useMemo(() => {
    const styles = getComputedStyle(document.documentElement);
    const read = (name: string, otherwise: string) => {
      const value = styles.getPropertyValue(name).trim();
      return parse(/^#[0-9a-f]{6}$/i.test(value) ? value : otherwise);
    };
    return {
      background: read("--ground", dark ? "#0f1318" : "#f3f5f8"),
      foreground: read("--text", dark ? "#ffffff" : "#000000"),
    };
  }, [dark]);
}
