/* The one script of a provider's page; every page works without it. Each file stands for itself, in a function of its own. */
import "./controls.js";
import "./drafts.js";
import "./language.js";
