package ticketing.local.servers;

/// Private key with which tests and the demo sign access tokens for processes in the local profile.
/// It equals the one in `application-local.yaml` of ingress-api.
public final class LocalSigningKey {

  /// Base64 of the PKCS #8 form of an RSA key.
  public static final String PRIVATE_KEY =
      "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDdjp4eQryq4mf76GAJGKjbUGPLqt2p"
          + "RKNVaSBkoBpc+D3zri7tQDUFpjzjs27sGksDgg1+TlQARuf2MrEcTYqRjQAAQRn8bRB4NlrUpCX7tXaF"
          + "cuoD+OZxg04rbPh+Kq0elmHrsyjVF2ms0894eVC8jn5HQ9YxK7D9xCILuh3nU6TBGqg0XwrYzXWIW0B2"
          + "1tAsuLjcHlAcXVX+tBSndi+RdKIoRyED8AI2gjiUBvh10n2/qshIRkC+UAiyJgwNuSFTSS8bv0euXsXv"
          + "acHxWgupl1jCVI9XPDqe8V+v2reflLhfyy0dbFJh1tY/0kMbE8rU2ZQPm5bzKeNhdW9HDV5lAgMBAAEC"
          + "ggEALCfIhPzld4QkV6zd+OogewcIQJa20w2SJMtNEKjk4Cr8Q9Su1wtRFeVl5LaF0InD8fjJIidPr/dx"
          + "stwy9pJQn8XzXlmbKXb+DYs9qnvlcwcdDicTEwQXvz89RMPUuWZddsdfUBd2d5ORNMfI5Th+WfnnGmJf"
          + "bZDI1yZv55jp7UhcE3b5tx5GnYcLGUNm3HDykovkIRicaBVeKCHRwJALbQeUFoHf+B9+WbvbM+hHGQoa"
          + "JatveFW7XX9eLZOedbJyd9SEMixY3VKnOuCo3rNLwtcoGQiuosHTtVA1VexSw/sPvXiKu+UyIntrykFy"
          + "b1Pv8nMYObPMDLnT4AYdyNcxSQKBgQDuegxi3odbwMGiXz0wdJRzmL4ikVQQd41qvUNHcCqmcFLmh8+K"
          + "UGs+80MyEhKFk+UWe+MPo3fiblnfiEnbYciPPRmcDMf5ythg0YHWY83IB2DBdk1qdjBdZFT9J6y3nVVC"
          + "tnYbyG3hihsEscFlC7eBLzxvH+snvjr8tJeAAMuPDQKBgQDt1kvQ62UyLWv3D83XpHUik7SGCMNKYrr9"
          + "xc83h0vZd9yMMrkIjXTKDzWKT+0lzeqx5qd7Qt22FNVuKU92MQA0CmWSY2qhMzGONmIwjCryPLstGIOD"
          + "JXNw26aUL5Wx4JuiR7bMhIy4okYPwwKypATXiwaS7it1WxZBfVyX5092uQKBgAfzZ8BQHQExHwOT201n"
          + "RZ/JAuXSJJRb+AoL/1c9ZR6hdhIbiw7YeYriv2XG9nkfoi6quLpHv/J7rWFngNbgnrgv2E+8mVo5qhco"
          + "RQTp1O2LWW15zUD0ac5jTvYVwYtponMT9EIe35L6cMYqSwFcb6TN91zZGpT7oanVN4vb+u1tAoGAd04X"
          + "LA7Y7YnBbea8oB68L4MefFnq9OZ/3IscvkMdNlKdDKrpDLRA0Jc+iUo8sMkRoPoOK5PIOe1Lfv40ARrl"
          + "ejV47Cz4sTJH+omnSakWZfs2/ZEdb20a8pMMhas1EUyVZZtJxF/9YyTrtj5hnREP6LuxqYTVwgHWMTXc"
          + "e8qpnukCgYAkLcrtfDE64gwU8Ht+aytoXqxMJ7wwjjpMoZmKFq3uTbC+gDWd6qVWzaCNTI2Qa1nMTS7S"
          + "MYKTdhB18nC21dk1RDyggeVCwwpb0ciyqBAh4ReipIsO4m8iRQ8Um+S00qAjw84i27IF7r8kHX7RiM/y"
          + "giH2f2B5lttixPTM6FzNYQ==";

  private LocalSigningKey() {}
}
