/// Rules of a sale: a pure fold of commands over an inventory, without Spring and without SQL.
package ticketing.worker.decision;
