/// Posters of events: upload, validation, storage and delivery of images.
package ticketing.ingress.poster;
