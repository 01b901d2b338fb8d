import type { Measure } from "../../run/machine.ts";

/** A machine that needs no measuring. */
export const fixedMeasure = (hardware = "cpu: one of the tests"): Measure => ({
  choose: async ({ engine: { device, dtype } }) => ({
    device: device === "auto" ? "cpu" : device,
    dtype: dtype === "auto" ? "float32" : dtype,
    hardware,
    seconds: { float32: 1, bfloat16: 2 },
  }),
  hardware: async () => hardware,
});
