package ticketing.checks.settings;

import java.util.List;

/// One `@ConfigurationProperties` record as its source file declares it.
///
/// @param prefix prefix of its properties
/// @param name simple name of the record
/// @param properties its components; those of a nested record have a dotted name
record SettingsRecord(String prefix, String name, List<Property> properties) {

  /// One component.
  ///
  /// @param name name relative to the prefix, in kebab case
  /// @param type kind of value with its range
  /// @param defaultValue value of `@DefaultValue`; empty if there is none
  /// @param description text of `@param`
  record Property(String name, String type, String defaultValue, String description) {}
}
