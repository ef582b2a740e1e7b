/// Client addresses as keys of limits.
@org.jspecify.annotations.NullMarked
package ticketing.address;
