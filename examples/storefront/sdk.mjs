export { default } from "@medusajs/js-sdk";
