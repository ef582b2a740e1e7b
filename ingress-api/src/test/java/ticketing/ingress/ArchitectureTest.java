package ticketing.ingress;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import jakarta.persistence.Entity;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Table;
import java.sql.Connection;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hibernate.annotations.Immutable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.CrudRepository;
import ticketing.fixture.ViolatingIngress;

/// Dependency and package rules of the ingress API. Each rule is also proven to fail on a fixture.
class ArchitectureTest {

  private static final JavaClasses INGRESS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.ingress");
  private static final JavaClasses VIOLATING =
      new ClassFileImporter().importPackagesOf(ViolatingIngress.class);
  private static final JavaClasses TESTS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.ONLY_INCLUDE_TESTS)
          .importPackages("ticketing.ingress");

  private static final int MAX_TYPES_PER_PACKAGE = 12;
  private static final String REVOKED_COMMANDS =
      "ticketing.ingress.command.RevokedCommandRepository";

  /// A change of an account locks the row of the account.
  private static final String USERS = "ticketing.ingress.account.UserRepository";

  private static final Pattern SEATS =
      Pattern.compile(
          "(?i)availableSeats|totalSeats|seatTypes|SeatTypeRow|native|delete from"
              + " (?!SessionEntity|MailedTokenEntity)");

  static Stream<ArchRule> rules() {
    return Stream.of(
        noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("org\\.redisson\\.api\\.R.*Lock(Async)?")
            .orShould()
            .callMethodWhere(target(nameMatching("get\\w*Lock")))
            .because("only workers lock events in Redis"),
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("ticketing.worker..", "ticketing.notifier..")
            .because("processes communicate by the queue and by Redis"),
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework.jdbc.core..")
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(EntityManager.class, Connection.class)
            .because("all statements are in the repositories")
            .as("no SQL outside of repositories"),
        classes()
            .that(ARE_WRITTEN_BY_WORKERS)
            .should()
            .beAnnotatedWith(Immutable.class)
            .because("only workers write reservations and decisions")
            .allowEmptyShould(false),
        noClasses()
            .should()
            .beAssignableTo(CrudRepository.class)
            .because("a repository offers only what is used"),
        methods()
            .that()
            .areAnnotatedWith(Query.class)
            .and()
            .areNotDeclaredIn(REVOKED_COMMANDS)
            .and()
            .areNotDeclaredIn(USERS)
            .should(LOCK_NO_ROW)
            .because("only a revocation locks the row of an event"),
        methods()
            .that()
            .areAnnotatedWith(Modifying.class)
            .should(WRITE_NO_SEATS)
            .because("only workers change the seats of existing events"),
        atMostTypesPerPackage());
  }

  private static final DescribedPredicate<JavaClass> ARE_WRITTEN_BY_WORKERS =
      new DescribedPredicate<>("are written by workers") {
        @Override
        public boolean test(JavaClass type) {
          return type.isAnnotatedWith(Entity.class)
              && type.isAnnotatedWith(Table.class)
              && Set.of("reservations", "tickets", "seat_types")
                  .contains(type.getAnnotationOfType(Table.class).name());
        }
      };

  private static final ArchCondition<JavaMethod> WRITE_NO_SEATS =
      new ArchCondition<>("write no seats") {
        @Override
        public void check(JavaMethod method, ConditionEvents events) {
          Query query = method.getAnnotationOfType(Query.class);
          boolean writes = query.nativeQuery() || SEATS.matcher(query.value()).find();
          events.add(
              new SimpleConditionEvent(
                  method, !writes, method.getFullName() + " runs " + query.value()));
        }
      };

  private static final ArchCondition<JavaMethod> LOCK_NO_ROW =
      new ArchCondition<>("lock no row") {
        @Override
        public void check(JavaMethod method, ConditionEvents events) {
          String query = method.getAnnotationOfType(Query.class).value();
          boolean locks =
              query.toLowerCase(Locale.ROOT).contains("for update")
                  || method.isAnnotatedWith(Lock.class);
          events.add(
              new SimpleConditionEvent(method, !locks, method.getFullName() + " runs " + query));
        }
      };

  private static ArchRule noCyclesBelow(String root) {
    return slices().matching(root + ".(*)..").should().beFreeOfCycles();
  }

  private static ArchRule atMostTypesPerPackage() {
    return classes()
        .should(
            new ArchCondition<JavaClass>("be in a package of at most 12 top-level types") {
              private Collection<JavaClass> all;

              @Override
              public void init(Collection<JavaClass> allClasses) {
                all = allClasses;
              }

              @Override
              public void check(JavaClass type, ConditionEvents events) {
                long types =
                    all.stream()
                        .filter(other -> other.getPackageName().equals(type.getPackageName()))
                        .filter(JavaClass::isTopLevelClass)
                        .filter(other -> !other.getSimpleName().equals("package-info"))
                        .count();
                events.add(
                    new SimpleConditionEvent(
                        type,
                        types <= MAX_TYPES_PER_PACKAGE,
                        type.getPackageName() + " has " + types + " types"));
              }
            });
  }

  @ParameterizedTest
  @MethodSource("rules")
  void mainCodeObeysRule(ArchRule rule) {
    assertThat(INGRESS).isNotEmpty();
    rule.check(INGRESS);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void fixtureViolatesRule(ArchRule rule) {
    assertThat(rule.evaluate(VIOLATING).hasViolation()).as(rule.getDescription()).isTrue();
  }

  @Test
  void testPackagesAreSmall() {
    assertThat(TESTS).isNotEmpty();
    atMostTypesPerPackage().check(TESTS);
  }

  @Test
  void packagesHaveNoCycles() {
    noCyclesBelow("ticketing.ingress").check(INGRESS);
  }

  @Test
  void packageCycleIsDetected() {
    assertThat(noCyclesBelow("ticketing.fixture").evaluate(VIOLATING).hasViolation()).isTrue();
  }
}
