import { TagprError } from "../core/errors.ts";

/** Where saved weights lie: `tinker://MODEL/weights/NAME` (weights and optimizer) or `tinker://MODEL/sampler_weights/NAME`. */
export interface TinkerPath {
  readonly model: string;
  readonly kind: "weights" | "sampler_weights";
  readonly name: string;
}

export const isTinkerPath = (text: string): boolean => text.startsWith("tinker://");

/** SkyRL answers a save for sampling with `tinker://MODEL/NAME`, and lists it with its kind. */
export function readTinkerPath(path: string): TinkerPath {
  const match = /^tinker:\/\/([^/]+)\/(?:(weights|sampler_weights)\/)?([^/]+)$/.exec(path);
  const [, model, kind = "sampler_weights", name] = match ?? [];
  if (model === undefined || name === undefined)
    throw new TagprError("usage", `"${path}" is no path of saved weights`, {
      hint: "It looks like tinker://MODEL/sampler_weights/NAME; a stage's model.json holds one.",
    });
  return { model, kind: kind as TinkerPath["kind"], name };
}

export const tinkerPath = ({ model, kind, name }: TinkerPath): string => `tinker://${model}/${kind}/${name}`;

/** The state of the same name. */
export const stateBeside = (path: string): string => tinkerPath({ ...readTinkerPath(path), kind: "weights" });
