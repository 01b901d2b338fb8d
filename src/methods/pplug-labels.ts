import { pplugLike } from "./pplug-soft.ts";

export const pplugLabels = pplugLike({
  name: "pplug-labels",
  label: "PPlug, text + label",
  paper: "–",
  about:
    "As `pplug`, with the items' tags and scores in their vectors (ours): on tasks of writing the vectors are the same.",
  trains: "pplug-labels",
});
