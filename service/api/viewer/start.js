// Shows one of the documents that the page names; the choice is in the address, so that it can be linked to.
const documents = JSON.parse(document.getElementById("viewer").dataset.documents);
const choice = document.getElementById("choice");
choice.append(...documents.map(({ name, url }) => new Option(name, url)));

function show() {
  const chosen = documents.find(({ name }) => name === new URLSearchParams(location.search).get("document"));
  choice.value = (chosen ?? documents[0]).url;
  SwaggerUIBundle({
    dom_id: "#viewer",
    url: choice.value,
    validatorUrl: null, // or it would send the document to a service of its makers
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    deepLinking: true,
  });
}

choice.addEventListener("change", () => {
  const { name } = documents.find(({ url }) => url === choice.value);
  location.assign(`?document=${encodeURIComponent(name)}`);
});
show();
