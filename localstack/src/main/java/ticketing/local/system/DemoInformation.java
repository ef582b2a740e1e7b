package ticketing.local.system;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/// Venue and information of a demo event, in both languages of the pages.
///
/// @param description Markdown
/// @param minimumAge years
record DemoInformation(
    String venueName,
    String venueAddress,
    String description,
    int runningMinutes,
    int minimumAge,
    String refundRule) {

  private static final String REFUNDS =
      """
      Full refund until 7 days before the show, 90% until the day before. No refund on the day.
      공연 7일 전까지 전액, 전날까지 90% 환불됩니다. 공연 당일에는 환불되지 않습니다.\
      """;

  static final DemoInformation JAZZ =
      new DemoInformation(
          "Hangang Arts Center · 한강아트센터",
          "서울특별시 용산구 이촌로 72",
          """
          Three bands, one winter night by the Han River. The evening starts with a quiet trio and
          ends with **eighteen musicians** on stage.

          ## Program

          - Trio *Late Train*: standards
          - Quintet *Hangang Blue*: songs of their new album
          - *Seoul Night Orchestra*: big band

          ---

          한강에서 보내는 겨울밤, 세 팀의 재즈 무대입니다. 잔잔한 트리오로 시작해 **열여덟 명의
          빅밴드**로 마무리합니다.

          ## 프로그램

          - 트리오 *레이트 트레인*: 스탠더드 명곡
          - 퀸텟 *한강 블루*: 새 앨범 수록곡
          - *서울 나이트 오케스트라*: 빅밴드\
          """,
          140,
          8,
          REFUNDS);

  static final DemoInformation CHAMBER_MUSIC =
      new DemoInformation(
          "Bukchon Salon · 북촌살롱",
          "서울특별시 종로구 북촌로 41",
          """
          A string quartet and a piano in a small hall with 100 seats. No amplification: you hear
          the instruments as they are.

          ## Program

          1. Haydn: String Quartet in D major, "The Lark"
          2. Schumann: Piano Quintet in E-flat major

          ---

          100석의 작은 공연장에서 듣는 현악 사중주와 피아노. 확성 없이 악기 본래의 소리를 들려드립니다.

          ## 프로그램

          1. 하이든: 현악 사중주 라장조 "종달새"
          2. 슈만: 피아노 오중주 내림마장조\
          """,
          90,
          8,
          REFUNDS);

  static final DemoInformation MUSICAL =
      new DemoInformation(
          "Namsan Theater · 남산극장",
          "서울특별시 중구 소파로 46",
          """
          A lost tiger, a brave girl and a train to the end of the country: a musical for **children
          from 4 years** and their families, with an interval of 15 minutes.

          Captions are in Korean and English. Booster seats are free at the entrance.

          ---

          길 잃은 호랑이와 용감한 소녀가 기차를 타고 떠나는 모험. **48개월 이상 어린이**와 가족을 위한
          뮤지컬입니다. 중간 휴식은 15분입니다.

          한국어와 영어 자막을 제공합니다. 어린이용 방석은 입구에서 무료로 빌려 드립니다.\
          """,
          110,
          4,
          REFUNDS);

  static final DemoInformation SYMPHONY =
      new DemoInformation(
          "Round Hall · 라운드홀",
          "서울특별시 송파구 올림픽로 424",
          """
          Ninety musicians, and stands that surround the stage in a half circle. Choose your seat
          on the map: from the first stand you see every section of the orchestra.

          ## Program

          - Dvořák: Symphony No. 9, "From the New World"
          - Ravel: *Boléro*

          ---

          아흔 명의 연주자와 무대를 반원으로 둘러싼 객석. 좌석 배치도에서 자리를 고르세요. 1구역
          스탠드에서는 오케스트라 전체가 한눈에 보입니다.

          ## 프로그램

          - 드보르자크: 교향곡 9번 "신세계로부터"
          - 라벨: *볼레로*\
          """,
          100,
          8,
          REFUNDS);

  void addTo(Connection connection, long event) throws SQLException {
    try (PreparedStatement venue =
            connection.prepareStatement(
                "UPDATE events SET venue_name = ?, venue_address = ? WHERE id = ?");
        PreparedStatement information =
            connection.prepareStatement(
                """
                INSERT INTO event_information (event_id, description, running_minutes, minimum_age,
                  refund_rule)
                VALUES (?, ?, ?, ?, ?)
                """)) {
      venue.setString(1, venueName);
      venue.setString(2, venueAddress);
      venue.setLong(3, event);
      venue.executeUpdate();
      information.setLong(1, event);
      information.setString(2, description);
      information.setInt(3, runningMinutes);
      information.setInt(4, minimumAge);
      information.setString(5, refundRule);
      information.executeUpdate();
    }
  }
}
