window.addEventListener('DOMContentLoaded', () => {
  SwaggerUIBundle({ url: '/v3/api-docs', dom_id: '#swagger-ui', deepLinking: true });
});
