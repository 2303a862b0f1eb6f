SwaggerUIBundle({
  url: "/api/schema/",
  dom_id: "#documentation",
  tryItOutEnabled: true,
  // Tokens are gone with the page.
  persistAuthorization: false,
  validatorUrl: null,
});
