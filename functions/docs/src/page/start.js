SwaggerUIBundle({
  // Beside this script's folder, under whatever base path that is.
  url: new URL("../schema/", document.currentScript.src).href,
  dom_id: "#documentation",
  tryItOutEnabled: true,
  // Tokens are gone with the page.
  persistAuthorization: false,
  validatorUrl: null,
});
